namespace Notifications.Benchmarks.Load;

/// <summary>Who receives and how much is published.</summary>
internal sealed record LoadOptions
{
    /// <summary>Notifications published per second, each to one user picked at random.</summary>
    public required int Rate { get; init; }

    public required int Users { get; init; }

    /// <summary>Of each user; each gets everything.</summary>
    public int Devices { get; init; } = 1;

    /// <summary>How many clients share a stretch of network.</summary>
    public int GroupSize { get; init; } = 10;

    /// <summary>
    /// Each client keeps to one gateway and connects to it directly, with a WebSocket and nothing before it: where thousands of
    /// connections would need more open files than a process may have.
    /// </summary>
    public bool Direct { get; init; }

    /// <summary>After how much silence a client takes its connection for lost. The hubs send something twice as often.</summary>
    public TimeSpan ServerTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long clients may take, after publishing and faults have ended, to get everything.</summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Hides one in so many deliveries from the checker, which has to notice; 0: none.</summary>
    public int DropOneIn { get; init; }

    /// <summary>Off, clients pass on what the hub sends twice, and the checker has to notice.</summary>
    public bool Deduplicate { get; init; } = true;
}
