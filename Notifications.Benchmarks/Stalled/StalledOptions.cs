namespace Notifications.Benchmarks.Stalled;

internal sealed record StalledOptions
{
    /// <summary>Rounds without and with a client that reads nothing, in turn.</summary>
    public int Pairs { get; init; } = 5;

    /// <summary>Notifications published to the topic in each round.</summary>
    public int Count { get; init; } = 10_000;

    /// <summary>Of them in a second.</summary>
    public int Rate { get; init; } = 2_000;

    /// <summary>Characters of each one's payload.</summary>
    public int Size { get; init; } = 1_000;

    public static StalledOptions Read(Arguments arguments)
    {
        var standard = new StalledOptions();
        return new StalledOptions
        {
            Pairs = arguments.Number("pairs", standard.Pairs, least: 1),
            Count = arguments.Number("count", standard.Count, least: 1),
            Rate = arguments.Number("rate", standard.Rate, least: 1),
            Size = arguments.Number("size", standard.Size, least: 1),
        };
    }
}
