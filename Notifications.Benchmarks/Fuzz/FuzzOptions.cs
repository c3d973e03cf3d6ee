namespace Notifications.Benchmarks.Fuzz;

internal sealed record FuzzOptions
{
    /// <summary>How many of each kind: requests to the APIs, messages to the hub, and connections with frames of their own making.</summary>
    public int Inputs { get; init; } = 2_000;

    /// <summary>Null: until there were so many inputs; else for so long, however many they are.</summary>
    public TimeSpan? Duration { get; init; }

    public int Seed { get; init; } = 1;

    public static FuzzOptions Read(Arguments arguments) => new()
    {
        Inputs = arguments.Number("inputs", 2_000, least: 1),
        Duration = arguments.Number("seconds", 0) is var seconds and > 0 ? TimeSpan.FromSeconds(seconds) : null,
        Seed = arguments.Number("seed", 1),
    };
}
