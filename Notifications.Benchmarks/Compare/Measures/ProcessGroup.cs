namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>Processes of one purpose, such as the three hubs, with all that they started (nginx's workers).</summary>
internal sealed record ProcessGroup(string Name, IReadOnlyList<int> Roots)
{
    public const string Hubs = "hubs";
    public const string Redis = "Redis";
    public const string Proxy = "proxy";
    public const string Publisher = "publisher";
    public const string Driver = "driver";

    /// <summary>Without what they started: the driver has started everything.</summary>
    public bool IsAlone { get; init; }

    public IReadOnlyList<int> Processes => IsAlone ? Roots : [.. Roots.SelectMany(ProcessTree.WithDescendants)];
}
