using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

internal sealed class RedisRestart() : FaultScenario(
    "redis-restart",
    "Redis with AOF is killed (SIGKILL), back after 5 s, and killed again, back after 30 s")
{
    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, OrderServices = 1, RedisArguments = ["--appendonly", "yes"] };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        foreach (var seconds in stage.Length<int[]>([5, 30], [5]))
        {
            await stage.Cluster.Redis.KillAsync();
            stage.Say("Redis was killed.");
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken);
            await stage.Cluster.Redis.StartAsync(cancellationToken);
            stage.Say($"Redis is back after {seconds} s.");
            await Task.Delay(TimeSpan.FromSeconds(5), cancellationToken);
        }
    }
}

internal sealed class RedisEmpty() : FaultScenario("redis-empty", "Redis without persistence is killed (SIGKILL) and comes back empty after 5 s")
{
    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, OrderServices = 1 };

    // The ids of what was published are gone with the rest.
    public override bool OrdersMayBeToldAgain => true;

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        await stage.Cluster.Redis.KillAsync();
        stage.Say("Redis was killed.");
        await Task.Delay(stage.Length(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2)), cancellationToken);
        await stage.Cluster.Redis.StartAsync(cancellationToken);
        stage.Say("Redis is back, empty.");
        await Task.Delay(TimeSpan.FromSeconds(5), cancellationToken);
    }

    public override IEnumerable<string> Violations(LoadResult result)
    {
        var verdict = result.Verdict;
        if ((verdict.Lost, verdict.Duplicated, verdict.Reordered) != (0, 0, 0))
        {
            yield return "lost in silence, duplicated or reordered is not 0";
        }

        if (verdict.Gaps == 0)
        {
            yield return "no client was told";
        }
    }
}

internal sealed class RedisPause() : FaultScenario("redis-pause", "Redis stands still (SIGSTOP) for 10 s and goes on (SIGCONT)")
{
    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        await stage.Cluster.Redis.PauseAsync(stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(6)), cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(5), cancellationToken);
    }
}

internal sealed class RedisCut() : FaultScenario("redis-cut", "the network between one hub and Redis is cut for 10 s")
{
    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, HubsReachRedisThroughProxies = true };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var hub = stage.Cluster.Hubs[0];
        var over = Task.Delay(stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(8)), cancellationToken);
        hub.RedisNetwork.Target = new(System.Net.IPAddress.Loopback, FreePorts.Next());
        await hub.RedisNetwork.CutAsync();
        await Waiting.WithinAsync(async () => over.IsCompleted || !await hub.IsHealthyAsync(cancellationToken), TimeSpan.FromSeconds(30), cancellationToken);
        stage.Require(!over.IsCompleted, "the hub said meanwhile that it is not ready");
        await over;
        hub.RedisNetwork.Target = stage.Cluster.Redis.EndPoint;
        var isBack = await Waiting.WithinAsync(() => hub.IsHealthyAsync(cancellationToken), TimeSpan.FromSeconds(30), cancellationToken);
        stage.Require(isBack, "the hub was ready again within 30 s");
    }
}

internal sealed class LiveFeedDead() : FaultScenario("live-feed-dead", "one hub's pub/sub connection falls silent while its commands work")
{
    // Those of the connection for commands are made first: one for commands, one for its subscriptions.
    private const int Spared = 2;

    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, HubsReachRedisThroughProxies = true };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var hub = stage.Cluster.Hubs[0];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var accepted = hub.RedisNetwork.Accepted;
        hub.RedisNetwork.Swallow(Spared);
        hub.RedisNetwork.Resume();
        // Found and replaced are one moment, so that the hub may be ready whenever it is asked.
        var isReplaced = await Waiting.WithinAsync(() => Task.FromResult(hub.RedisNetwork.Accepted > accepted), TimeSpan.FromSeconds(30), cancellationToken);
        stage.Require(isReplaced, "the probe found it within 30 s, and it was replaced");
        stage.Note($"replaced after {watch.Elapsed.TotalSeconds:0.0} s");
        var isBack = await Waiting.WithinAsync(() => hub.IsHealthyAsync(cancellationToken), TimeSpan.FromSeconds(30), cancellationToken);
        stage.Require(isBack, "the hub was ready again within 30 s");
    }
}
