using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

internal sealed record FaultOptions
{
    /// <summary>The load of the tables in docs/reliability.md. Clients and hubs have the product's own time limits.</summary>
    public LoadOptions Load { get; init; } = new() { Rate = 1_000, Users = 300, GroupSize = 50, ServerTimeout = TimeSpan.FromSeconds(20) };

    /// <summary>The short form, as the tests have it.</summary>
    public bool Brief { get; init; }

    /// <inheritdoc cref="Notifications.Testing.Clusters.ClusterOptions.IsPlain"/>
    public bool IsPlain { get; init; }

    public static FaultOptions Read(Arguments arguments)
    {
        var load = new FaultOptions().Load;
        return new FaultOptions
        {
            Load = load with
            {
                Rate = arguments.Number("rate", load.Rate, least: 1),
                Users = arguments.Number("users", load.Users, least: 1),
            },
            Brief = arguments.Flag("brief"),
        };
    }
}
