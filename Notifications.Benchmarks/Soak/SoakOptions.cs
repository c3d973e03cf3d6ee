namespace Notifications.Benchmarks.Soak;

/// <summary>The load, and what happens to it. The defaults are those of the run that README.md reports.</summary>
internal sealed record SoakOptions
{
    /// <summary>For how long is published.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Notifications published per second, each to one user picked at random.</summary>
    public int Rate { get; init; } = 2_000;

    public int Users { get; init; } = 500;

    /// <summary>Of each user; each gets everything.</summary>
    public int Devices { get; init; } = 2;

    public int Hubs { get; init; } = 3;

    /// <summary>How many clients lose their connection each second, one third each cleanly, abruptly and silently.</summary>
    public int Disconnects { get; init; } = 45;

    /// <summary>One hub is killed and started again, and one paused.</summary>
    public bool HubFaults { get; init; } = true;

    public TimeSpan HubPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how much silence a client takes its connection for lost. The hubs send something twice as often.</summary>
    public TimeSpan ServerTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long clients may take, after publishing and faults have ended, to get everything.</summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Hides one in so many deliveries from the checker, which has to notice; 0: none.</summary>
    public int DropOneIn { get; init; }

    /// <summary>Off, clients pass on what the hub sends twice, and the checker has to notice.</summary>
    public bool Deduplicate { get; init; } = true;

    public static SoakOptions Read(Arguments arguments)
    {
        var standard = new SoakOptions();
        return new SoakOptions
        {
            Duration = TimeSpan.FromSeconds(arguments.Number("seconds", (int)standard.Duration.TotalSeconds, least: 1)),
            Rate = arguments.Number("rate", standard.Rate, least: 1),
            Users = arguments.Number("users", standard.Users, least: 1),
            Devices = arguments.Number("devices", standard.Devices, least: 1),
            Hubs = arguments.Number("hubs", standard.Hubs, least: 1),
            Disconnects = arguments.Number("disconnects", standard.Disconnects),
            HubFaults = !arguments.Flag("no-hub-faults"),
            ServerTimeout = TimeSpan.FromSeconds(arguments.Number("server-timeout", (int)standard.ServerTimeout.TotalSeconds, least: 1)),
            CatchUpLimit = TimeSpan.FromSeconds(arguments.Number("catch-up", (int)standard.CatchUpLimit.TotalSeconds, least: 1)),
            DropOneIn = arguments.Number("drop-one-in", standard.DropOneIn),
            Deduplicate = !arguments.Flag("no-deduplication"),
        };
    }
}
