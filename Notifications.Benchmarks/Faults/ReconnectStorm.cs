using System.Diagnostics;
using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>All clients lose their gateways at the same moment, and all want back.</summary>
internal sealed class ReconnectStorm() : FaultScenario(
    "reconnect-storm",
    "10,000 clients lose their gateways (SIGKILL, started again at once) at the same moment")
{
    private const int GatewayCount = 2;
    private const int HandshakesPerSecond = 75;
    private const int Burst = 25;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

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
        Users = isBrief ? 400 : 10_000,
        Rate = isBrief ? standard.Rate : standard.Rate / 2,
        CatchUpLimit = Limit,
    };

    public override async Task RunAsync(FaultStage stage, CancellationToken cancellationToken)
    {
        var clients = stage.Workload.Clients.ToArray();
        var before = Connects(clients);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var commands = new RedisCommandRate(stage.Cluster.RedisConnection.GetServers()[0]);
        var counted = commands.RunAsync(watching.Token);
        var watch = Stopwatch.StartNew();
        var rates = await Task.WhenAll(stage.Cluster.Gateways.Select(async gateway =>
        {
            await gateway.KillAsync();
            await gateway.StartAsync(cancellationToken);
            var rate = new HandshakeRate(gateway);
            return (Rate: rate, Counted: rate.RunAsync(watching.Token));
        }));
        stage.Say("Both gateways were killed and started again.");

        var back = await Waiting.WithinAsync(
            () => Task.FromResult(Connects(clients) >= before + clients.Length && clients.All(client => client.IsConnected)), Limit, cancellationToken);
        var took = watch.Elapsed;
        await watching.CancelAsync();
        await Task.WhenAll([counted, .. rates.Select(gateway => gateway.Counted)]);

        stage.Require(back, $"all clients were back within {Limit.TotalSeconds:0} s");
        stage.Note(string.Create(CultureInfo.InvariantCulture, $"all {clients.Length:N0} back after {took.TotalSeconds:0} s"));
        var busiest = rates.Max(gateway => gateway.Rate.Busiest);
        stage.Note(string.Create(
            CultureInfo.InvariantCulture, $"the busiest second of a gateway: {busiest:N0} sessions let in, {HandshakesPerSecond:N0} and {Burst:N0} at once being its limit"));
        stage.Require(rates.Sum(gateway => gateway.Rate.Count) >= clients.Length && busiest <= HandshakesPerSecond + Burst, "handshakes stayed at the limit");
        stage.Note(string.Create(CultureInfo.InvariantCulture, $"Redis's busiest second: {commands.Busiest:N0} commands"));
    }

    private static int Connects(LoadClient[] clients) => clients.Sum(client => client.Connects);
}
