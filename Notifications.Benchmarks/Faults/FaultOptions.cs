using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

internal sealed record FaultOptions
{
    /// <summary>The load of the tables in docs/reliability.md. Clients and hubs have the product's own time limits.</summary>
    public LoadOptions Load { get; init; } = new() { Rate = 1_000, Users = 300, GroupSize = 50, ServerTimeout = TimeSpan.FromSeconds(20) };

    /// <summary>The short form, as the tests have it: less load, shorter faults, and no judgement of waits.</summary>
    public bool Brief { get; init; }

    public static FaultOptions Read(Arguments arguments)
    {
        var isBrief = arguments.Flag("brief");
        var load = new FaultOptions().Load;
        load = isBrief ? load with { Rate = 200, Users = 60, GroupSize = 20 } : load;
        return new FaultOptions
        {
            Load = load with
            {
                Rate = arguments.Number("rate", load.Rate, least: 1),
                Users = arguments.Number("users", load.Users, least: 1),
            },
            Brief = isBrief,
        };
    }
}
