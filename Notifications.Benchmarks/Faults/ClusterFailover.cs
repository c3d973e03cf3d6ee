using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>A primary of a Redis Cluster dies, its replica takes over, and it comes back as that one's replica.</summary>
internal sealed class ClusterFailover(bool waits) : FaultScenario(
    waits ? "cluster-failover" : "cluster-failover-without-wait",
    $"a primary of a Redis Cluster is killed (SIGKILL) and started again as a replica, publishing {(waits ? "with" : "without")} WAIT")
{
    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, HasRedisCluster = true, WaitForReplicas = waits ? 1 : 0 };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var redis = stage.Cluster.RedisCluster;
        var primary = redis.Nodes[0];
        await primary.KillAsync();
        stage.Say($"{primary.Name} was killed.");
        await Task.Delay(stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(6)), cancellationToken);
        await primary.StartAsync(cancellationToken);
        await redis.WaitUntilWholeAsync(cancellationToken);
        stage.Say("The cluster is whole again.");
        await Task.Delay(stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3)), cancellationToken);
    }

    public override IEnumerable<string> Violations(LoadResult result)
    {
        var verdict = result.Verdict;
        if (verdict.Duplicated > 0 || verdict.Reordered > 0)
        {
            yield return "duplicated or reordered is not 0";
        }

        // Without WAIT what the replica had not got yet is gone; the row counts it.
        if (waits && (verdict.Lost > 0 || verdict.MissingInGaps > 0))
        {
            yield return $"of what replicas had confirmed {verdict.Lost + verdict.MissingInGaps} were lost";
        }
    }
}
