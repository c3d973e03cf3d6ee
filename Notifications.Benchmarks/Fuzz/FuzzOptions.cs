namespace Notifications.Benchmarks.Fuzz;

internal sealed record FuzzOptions
{
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    public int Seed { get; init; } = 1;

    public static FuzzOptions Read(Arguments arguments) => new()
    {
        Duration = TimeSpan.FromSeconds(arguments.Number("seconds", 60, least: 1)),
        Seed = arguments.Number("seed", 1),
    };
}
