using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Faults;

internal sealed class OrdersKill() : FaultScenario(
    "orders-kill",
    "the order service is killed (SIGKILL) again and again, every other time while Redis stands still for 1 s, so that orders are committed and not published")
{
    private static readonly TimeSpan RedisPause = TimeSpan.FromSeconds(1);

    public override ClusterOptions Cluster { get; } = new() { Gateways = 2, OrderServices = 1 };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var service = stage.Cluster.Orders[0];
        var kills = stage.Length(12, 2);
        for (var kill = 0; kill < kills; kill++)
        {
            if (kill % 2 == 0)
            {
                stage.Cluster.Redis.Pause();
                try
                {
                    await Task.Delay(RedisPause, cancellationToken);
                    await service.KillAsync();
                }
                finally
                {
                    stage.Cluster.Redis.Resume();
                }
            }
            else
            {
                await Task.Delay(RedisPause * Random.Shared.NextDouble(), cancellationToken);
                await service.KillAsync();
            }

            await service.StartAsync(cancellationToken);
            await Task.Delay(RedisPause, cancellationToken);
        }

        stage.Note($"{kills} kills");
    }
}
