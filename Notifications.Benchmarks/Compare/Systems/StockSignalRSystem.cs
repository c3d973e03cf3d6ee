using System.Diagnostics;
using System.Net;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare.Protocols;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>SignalR with its Redis backplane and nothing of ours, behind YARP with a cookie for affinity: <c>peers/StockSignalR</c>.</summary>
internal sealed class StockSignalRSystem : PeerSystem
{
    private static readonly string Program = Programs.Built(Path.Combine("Notifications.Benchmarks", "peers", "StockSignalR"));

    public static Task<ComparedSystem> StartAsync(SystemOptions options, CancellationToken cancellationToken) =>
        new StockSignalRSystem().StartAsync(options.Servers, cancellationToken);

    public override IClientProtocol Protocol(Arrivals arrivals) => new StockSignalRProtocol(arrivals);

    public override ProcessStartInfo Publisher() => new("dotnet", [Program, "publisher", Redis]);

    protected override ListeningProcess Server(string name, DirectoryInfo directory, Watchdog watchdog) =>
        new(name, directory, watchdog, endPoint => ["dotnet", Program, "hub", $"http://{endPoint}", Redis]);

    protected override ListeningProcess ProxyBefore(IReadOnlyList<IPEndPoint> servers, DirectoryInfo directory, Watchdog watchdog) =>
        new("yarp", directory, watchdog, endPoint => ["dotnet", Program, "proxy", $"http://{endPoint}", .. servers.Select(server => $"http://{server}")]);
}
