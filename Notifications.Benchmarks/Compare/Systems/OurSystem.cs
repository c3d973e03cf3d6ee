using System.Diagnostics;
using System.Net;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Benchmarks.Compare.Publishing;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>This system with everything on and the settings that it ships with, but for limits that the load is meant to be above.</summary>
internal sealed class OurSystem(Cluster cluster, TimeSpan acknowledgeInterval) : ComparedSystem
{
    private const string NoLimit = "1000000";

    public Cluster Cluster => cluster;

    public override IPEndPoint Proxy => cluster.Gateways[0].EndPoint;

    public override IReadOnlyList<IPEndPoint> Servers => [.. cluster.Hubs.Select(hub => hub.EndPoint)];

    public override IReadOnlyList<ProcessGroup> Groups =>
    [
        new(ProcessGroup.Hubs, [.. cluster.Hubs.Select(hub => hub.Id)]),
        new(ProcessGroup.Redis, [cluster.Redis.Id]),
        new(ProcessGroup.Proxy, [.. cluster.Gateways.Select(gateway => gateway.Id)]),
    ];

    public override string LogDirectory => cluster.LogDirectory;

    public override bool TellsPositions => true;

    public static Task<ComparedSystem> StartAsync(SystemOptions options, CancellationToken cancellationToken) => StartAsync(options, isPlain: false, cancellationToken);

    public static Task<ComparedSystem> StartPlainAsync(SystemOptions options, CancellationToken cancellationToken) => StartAsync(options, isPlain: true, cancellationToken);

    public override IClientProtocol Protocol(Arrivals arrivals) =>
        new NotificationsProtocol(user => cluster.Tokens.Issue(user), acknowledgeInterval, arrivals);

    public override ProcessStartInfo Publisher() =>
        new("dotnet", [Programs.Built("Notifications.Benchmarks"), PublisherProgram.Command, "--redis", cluster.Redis.ConnectionString])
        {
            // As in every service of this system: Directory.Build.targets.
            Environment = { ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" },
        };

    public override void ThrowIfAnyDied() => cluster.ThrowIfAnyDied();

    public override ValueTask DisposeAsync()
    {
        cluster.KeepsLogs = KeepsLogs;
        return cluster.DisposeAsync();
    }

    private static async Task<ComparedSystem> StartAsync(SystemOptions options, bool isPlain, CancellationToken cancellationToken)
    {
        var cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = options.Servers,
                HasFront = false,
                IsPlain = isPlain,
                GatewaySettings = options.KeepsLimits ? new Dictionary<string, string>() : new Dictionary<string, string>
                {
                    ["Gateway__HandshakesPerSecond"] = NoLimit,
                    ["Gateway__HandshakeBurst"] = NoLimit,
                    ["Gateway__HandshakeQueue"] = NoLimit,
                    // By default it reckons with two files for a session, and a WebSocket takes one.
                    ["Gateway__Limits__Sessions"] = NoLimit,
                },
            },
            cancellationToken);
        return new OurSystem(cluster, options.AcknowledgeInterval);
    }
}
