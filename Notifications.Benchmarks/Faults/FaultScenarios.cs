namespace Notifications.Benchmarks.Faults;

internal static class FaultScenarios
{
    private const string EveryName = "all";

    public static IReadOnlyList<FaultScenario> All { get; } =
    [
        new HubKill(), new HubPause(), new RollingRestart(),
        new RedisRestart(), new RedisEmpty(), new RedisPause(), new RedisCut(), new LiveFeedDead(),
        new OrdersKill(), new ClusterFailover(waits: true), new ClusterFailover(waits: false), new ReconnectStorm(),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IReadOnlyList<FaultScenario> Named(string? name) =>
        name == EveryName ? All
        : All.FirstOrDefault(scenario => scenario.Name == name) is { } one ? [one]
        : throw new ArgumentException($"There is no scenario \"{name}\". There are {EveryName}, {string.Join(", ", All.Select(scenario => scenario.Name))}.");
}
