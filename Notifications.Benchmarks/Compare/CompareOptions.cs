using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;

namespace Notifications.Benchmarks.Compare;

/// <summary>What is compared. The defaults are those of the run that docs/performance.md reports.</summary>
internal sealed record CompareOptions
{
    public IReadOnlyList<SystemKind> Systems { get; init; } = SystemKind.All;

    /// <summary>Their names; none: all of them.</summary>
    public IReadOnlyList<string> Scenarios { get; init; } = [];

    /// <summary>How often each system has its turn.</summary>
    public int Pairs { get; init; } = 5;

    /// <summary>Messages under way in the closed loop.</summary>
    public int Window { get; init; } = 500;

    public LoadTimes Times { get; init; } = new(WarmUp: TimeSpan.FromSeconds(5), LeadIn: TimeSpan.FromSeconds(1), Measured: TimeSpan.FromSeconds(8));

    public SystemOptions System { get; init; } = new();

    /// <summary>A file that gets the tables too.</summary>
    public string? Out { get; init; }

    public static CompareOptions Read(Arguments arguments)
    {
        var standard = new CompareOptions();
        var isQuick = arguments.Flag("quick");
        var times = isQuick ? new(TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2.5)) : standard.Times;
        return new CompareOptions
        {
            Systems = arguments.Text("only") is { } only ? [.. only.Split(',').Select(SystemKind.Named)] : standard.Systems,
            Scenarios = arguments.Text("scenario")?.Split(',') ?? standard.Scenarios,
            Pairs = arguments.Number("pairs", isQuick ? 1 : standard.Pairs, least: 1),
            Window = arguments.Number("window", standard.Window, least: 1),
            Times = times with
            {
                WarmUp = TimeSpan.FromSeconds(arguments.Number("warm-up", 0) is > 0 and var warmUp ? warmUp : times.WarmUp.TotalSeconds),
                Measured = TimeSpan.FromSeconds(arguments.Number("seconds", 0) is > 0 and var seconds ? seconds : times.Measured.TotalSeconds),
            },
            System = standard.System with
            {
                AcknowledgeInterval = TimeSpan.FromMilliseconds(arguments.Number("acknowledge", (int)standard.System.AcknowledgeInterval.TotalMilliseconds)),
            },
            Out = arguments.Text("out"),
        };
    }
}
