using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;

namespace Notifications.Benchmarks.Compare;

/// <summary>What is compared. The defaults are those of the run that docs/performance.md reports.</summary>
internal sealed record CompareOptions
{
    public IReadOnlyList<SystemKind> Systems { get; init; } = [SystemKind.Ours, SystemKind.SocketIo, SystemKind.SignalR, SystemKind.Ws];

    /// <summary>Their names; none: all of them.</summary>
    public IReadOnlyList<string> Scenarios { get; init; } = [];

    /// <summary>How often each system has its turn.</summary>
    public int Pairs { get; init; } = 5;

    /// <summary>Messages under way in the closed loop.</summary>
    public int Window { get; init; } = 500;

    /// <summary>
    /// Before what counts .NET compiles what runs often a second time, which a shorter warm-up would measure; some of it runs at low rates only, so each load
    /// leads in for a while too.
    /// </summary>
    public LoadTimes Times { get; init; } = new(WarmUp: TimeSpan.FromSeconds(20), LeadIn: TimeSpan.FromSeconds(10), Measured: TimeSpan.FromSeconds(8));

    public SystemOptions System { get; init; } = new();

    /// <summary>A line every second, not only one for each result.</summary>
    public bool Progress { get; init; }

    /// <summary>Hides one in so many arrivals from the check, which then has to find them lost. 0: none.</summary>
    public int DropOneIn { get; init; }

    /// <summary>A file that gets the tables too.</summary>
    public string? Out { get; init; }

    public static CompareOptions Read(Arguments arguments)
    {
        var standard = new CompareOptions();
        var isQuick = arguments.Flag("quick");
        var times = isQuick ? new(WarmUp: TimeSpan.FromSeconds(10), LeadIn: TimeSpan.FromSeconds(0.5), Measured: TimeSpan.FromSeconds(3)) : standard.Times;
        return new CompareOptions
        {
            Systems = arguments.Text("only") is { } only ? [.. only.Split(',').Select(SystemKind.Named)] : isQuick ? [SystemKind.Ours, SystemKind.SocketIo] : standard.Systems,
            Scenarios = arguments.Text("scenario")?.Split(',') ?? (isQuick ? ["closed", "open-1000", "open-10000", "topic"] : standard.Scenarios),
            Pairs = arguments.Number("pairs", isQuick ? 1 : standard.Pairs, least: 1),
            Window = arguments.Number("window", standard.Window, least: 1),
            Times = times with
            {
                WarmUp = Seconds(arguments, "warm-up", times.WarmUp),
                LeadIn = Seconds(arguments, "lead-in", times.LeadIn),
                Measured = Seconds(arguments, "seconds", times.Measured),
            },
            System = standard.System with
            {
                AcknowledgeInterval = TimeSpan.FromMilliseconds(arguments.Number("acknowledge", (int)standard.System.AcknowledgeInterval.TotalMilliseconds)),
            },
            Progress = arguments.Flag("progress"),
            DropOneIn = arguments.Number("drop-one-in", 0),
            Out = arguments.Text("out"),
        };
    }

    /// <summary>Whole seconds if they are given.</summary>
    private static TimeSpan Seconds(Arguments arguments, string name, TimeSpan standard) =>
        arguments.Number(name, 0) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : standard;
}
