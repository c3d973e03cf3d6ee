using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Soak;

/// <summary>The load, and what happens to it. The defaults are those of the run that README.md reports.</summary>
internal sealed record SoakOptions
{
    public LoadOptions Load { get; init; } = new() { Rate = 2_000, Users = 500, Devices = 2 };

    /// <summary>For how long is published.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    public int Hubs { get; init; } = 3;

    /// <summary>How many clients lose their connection each second, one third each cleanly, abruptly and silently.</summary>
    public int Disconnects { get; init; } = 45;

    /// <summary>One hub is killed and started again, and one paused.</summary>
    public bool HubFaults { get; init; } = true;

    public TimeSpan HubPause { get; init; } = TimeSpan.FromSeconds(5);

    public static SoakOptions Read(Arguments arguments)
    {
        var standard = new SoakOptions();
        var load = standard.Load;
        return new SoakOptions
        {
            Load = new LoadOptions
            {
                Rate = arguments.Number("rate", load.Rate, least: 1),
                Users = arguments.Number("users", load.Users, least: 1),
                Devices = arguments.Number("devices", load.Devices, least: 1),
                ServerTimeout = TimeSpan.FromSeconds(arguments.Number("server-timeout", (int)load.ServerTimeout.TotalSeconds, least: 1)),
                CatchUpLimit = TimeSpan.FromSeconds(arguments.Number("catch-up", (int)load.CatchUpLimit.TotalSeconds, least: 1)),
                DropOneIn = arguments.Number("drop-one-in", load.DropOneIn),
                Deduplicate = !arguments.Flag("no-deduplication"),
            },
            Duration = TimeSpan.FromSeconds(arguments.Number("seconds", (int)standard.Duration.TotalSeconds, least: 1)),
            Hubs = arguments.Number("hubs", standard.Hubs, least: 1),
            Disconnects = arguments.Number("disconnects", standard.Disconnects),
            HubFaults = !arguments.Flag("no-hub-faults"),
            HubPause = TimeSpan.FromSeconds(arguments.Number("hub-pause", (int)standard.HubPause.TotalSeconds)),
        };
    }
}
