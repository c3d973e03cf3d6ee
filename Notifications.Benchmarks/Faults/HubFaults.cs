using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Faults;

internal sealed class HubKill() : FaultScenario("hub-kill", "a hub is killed (SIGKILL) and started again after 2 s, every 10 s for a minute")
{
    private static readonly TimeSpan Dead = TimeSpan.FromSeconds(2);

    public override TimeSpan? LongestWait => TimeSpan.FromSeconds(3);

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var interval = stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5));
        var kills = stage.Length(6, 2);
        for (var kill = 0; kill < kills; kill++)
        {
            var next = Task.Delay(interval, cancellationToken);
            var hub = stage.Cluster.Hubs[kill % stage.Cluster.Hubs.Count];
            await hub.KillAsync();
            stage.Say($"{hub.Name} was killed.");
            await Task.Delay(Dead, cancellationToken);
            await hub.StartAsync(cancellationToken);
            await next;
        }
    }
}

internal sealed class HubPause() : FaultScenario("hub-pause", "a hub stands still (SIGSTOP) for 10 s and goes on (SIGCONT)")
{
    public override Task RunAsync(FaultStage stage, CancellationToken cancellationToken) =>
        stage.Cluster.Hubs[0].PauseAsync(stage.Length(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(6)), cancellationToken);
}

internal sealed class RollingRestart() : FaultScenario(
    "rolling-restart",
    "every hub, then every gateway is stopped (SIGTERM) and started again, one by one")
{
    public override TimeSpan? LongestWait => TimeSpan.FromSeconds(2);

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var between = stage.Length(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        var hubs = stage.Length(stage.Cluster.Hubs.Count, 1);
        var gateways = stage.Length(stage.Cluster.Gateways.Count, 1);
        foreach (var server in (ServerProcess[])[.. stage.Cluster.Hubs.Take(hubs), .. stage.Cluster.Gateways.Take(gateways)])
        {
            await server.StopAsync(cancellationToken);
            await server.StartAsync(cancellationToken);
            stage.Say($"{server.Name} was started again.");
            await Task.Delay(between, cancellationToken);
        }
    }
}
