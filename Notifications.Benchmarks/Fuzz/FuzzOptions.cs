namespace Notifications.Benchmarks.Fuzz;

internal sealed record FuzzOptions
{
    /// <summary>How many of each kind: requests to the APIs, messages to the hub, and connections with frames of their own making.</summary>
    public int Inputs { get; init; } = 2_000;

    public int Seed { get; init; } = 1;

    public static FuzzOptions Read(Arguments arguments) => new()
    {
        Inputs = arguments.Number("inputs", 2_000, least: 1),
        Seed = arguments.Number("seed", 1),
    };
}
