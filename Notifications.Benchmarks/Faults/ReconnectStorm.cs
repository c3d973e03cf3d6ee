using System.Diagnostics;
using System.Globalization;
using Notifications.Benchmarks.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>All clients lose their gateways at the same moment, and all want back.</summary>
internal sealed class ReconnectStorm : FaultScenario
{
    private const int GatewayCount = 2;
    private const int HandshakesPerSecond = 75;
    private const int Burst = 25;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public override string Name => "reconnect-storm";

    public override string What => "10,000 clients lose their gateways (SIGKILL, started again at once) at the same moment";

    public override ClusterOptions Cluster { get; } = new()
    {
        Gateways = GatewayCount,
        GatewaySettings = new Dictionary<string, string>
        {
            ["Gateway__HandshakesPerSecond"] = $"{HandshakesPerSecond}",
            ["Gateway__HandshakeBurst"] = $"{Burst}",
        },
    };

    public override LoadOptions Load(LoadOptions standard, bool isBrief) => standard with
    {
        Direct = true,
        Users = isBrief ? 600 : 10_000,
        Rate = isBrief ? standard.Rate : standard.Rate / 2,
        CatchUpLimit = Limit,
    };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var clients = stage.Workload.Clients.ToArray();
        var before = Connects(clients);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var commands = new RedisCommandRate(stage.Cluster.RedisConnection.GetDatabase());
        var counted = commands.RunAsync(watching.Token);
        var perSecond = SessionsASecondAsync(stage.Cluster, watching.Token);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(stage.Cluster.Gateways.Select(async gateway =>
        {
            await gateway.KillAsync();
            await gateway.StartAsync(cancellationToken);
        }));
        stage.Say("Both gateways were killed and started again.");

        var back = await Waiting.WithinAsync(
            () => Task.FromResult(Connects(clients) >= before + clients.Length && clients.All(client => client.IsConnected)), Limit, cancellationToken);
        var took = watch.Elapsed;
        await watching.CancelAsync();
        await counted;

        stage.Require(back, $"all clients were back within {Limit.TotalSeconds:0} s");
        stage.Note(string.Create(CultureInfo.InvariantCulture, $"all {clients.Length:N0} back after {took.TotalSeconds:0} s"));
        const int limit = GatewayCount * HandshakesPerSecond;
        var most = await perSecond;
        stage.Note(string.Create(CultureInfo.InvariantCulture, $"at most {most:N0} sessions begun in a second, the limit being {limit:N0} and {GatewayCount * Burst} at once"));
        stage.Require(most > 0 && most <= limit + (GatewayCount * Burst), "handshakes stayed at the limit");
        stage.Note(string.Create(CultureInfo.InvariantCulture, $"Redis's busiest second: {commands.Busiest:N0} commands"));
    }

    /// <summary>By the connections that gateways open to hubs, one for each session that they let in.</summary>
    /// <returns>The most within one second.</returns>
    private static async Task<int> SessionsASecondAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        var window = TimeSpan.FromSeconds(1);
        var ports = cluster.Hubs.Select(hub => hub.EndPoint.Port).ToHashSet();
        var samples = new Queue<(TimeSpan At, int Sessions)>();
        var most = 0;
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(window / 5);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = (At: watch.Elapsed, Sessions: TcpConnections.CountTo(ports));
                samples.Enqueue(now);
                while (now.At - samples.Peek().At > window)
                {
                    samples.Dequeue();
                }

                most = Math.Max(most, now.Sessions - samples.Min(sample => sample.Sessions));
            }
        }
        catch (OperationCanceledException)
        {
            // That is the end.
        }

        return most;
    }

    private static int Connects(LoadClient[] clients) => clients.Sum(client => client.Connects);
}
