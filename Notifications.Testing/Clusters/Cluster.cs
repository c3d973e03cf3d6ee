using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using Notifications.Transport;
using StackExchange.Redis;

namespace Notifications.Testing.Clusters;

/// <summary>
/// The system as processes of this machine: Redis, hubs, gateways, and this process as a publisher. All end with it, also when
/// it is killed.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    // Fifty that start at once on two cores would all take longer than one may.
    private const int StartedTogether = 6;

    private static readonly Dictionary<string, string> NoCallerLimits = new()
    {
        ["Gateway__Limits__HandshakesPerAddress__PerSecond"] = "0",
        ["Gateway__Limits__HandshakesPerUser__PerSecond"] = "0",
        ["Gateway__Limits__ConnectionsPerAddress"] = "0",
        ["Gateway__Limits__ConnectionsPerUser"] = "0",
        ["Gateway__Limits__PublishesPerUser__PerSecond"] = "0",
        ["Gateway__Limits__RequestsPerUser__PerSecond"] = "0",
    };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-cluster-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();
    private readonly ClusterOptions _options;
    private PublisherConnection? _driver;
    private Front? _front;
    private RedisClusterProcesses? _redisCluster;

    private Cluster(ClusterOptions options)
    {
        _options = options;
        Redis = new RedisProcess(_directory, _watchdog, options.RedisArguments);
    }

    public DevelopmentTokens Tokens { get; } = new(RandomNumberGenerator.GetHexString(64));

    /// <summary>The one Redis, where there is no Redis Cluster in its place.</summary>
    public RedisProcess Redis { get; }

    public RedisClusterProcesses RedisCluster =>
        _redisCluster ?? throw new InvalidOperationException($"Start the cluster with {nameof(ClusterOptions.HasRedisCluster)}.");

    public IReadOnlyList<HubProcess> Hubs { get; private set; } = [];

    public IReadOnlyList<GatewayProcess> Gateways { get; private set; } = [];

    public IReadOnlyList<OrderServiceProcess> Orders { get; private set; } = [];

    /// <summary>The load balancer before the gateways.</summary>
    public Front Front => _front ?? throw new InvalidOperationException($"Start the cluster with {nameof(ClusterOptions.HasFront)}.");

    /// <summary>The servers' logs.</summary>
    public string LogDirectory => _directory.FullName;

    /// <summary>Whether they outlive the cluster; they do unless the run says that nobody will want them.</summary>
    public bool KeepsLogs { get; set; } = true;

    public NotificationPublisher Publisher => Driver.Publisher;

    /// <summary>The driver's own.</summary>
    public IConnectionMultiplexer RedisConnection => Driver.Redis;

    public RedisNames Names => Driver.Names;

    public InstanceRegistry Registry => Driver.Registry;

    private ServerProcess[] Processes => [.. Gateways, .. Orders, .. Hubs, .. _redisCluster?.Nodes ?? [Redis]];

    private PublisherConnection Driver => _driver ?? throw new InvalidOperationException("The cluster has not started.");

    /// <summary>Returns when every server takes requests, each gateway knowing every hub.</summary>
    public static async Task<Cluster> StartAsync(ClusterOptions options, CancellationToken cancellationToken)
    {
        var cluster = new Cluster(options);
        try
        {
            await cluster.StartAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">A server ended, and nobody asked it to.</exception>
    public void ThrowIfAnyDied()
    {
        foreach (var process in Processes)
        {
            process.ThrowIfDead();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_front is not null)
        {
            await _front.DisposeAsync();
        }

        if (_driver is not null)
        {
            await _driver.DisposeAsync();
        }

        foreach (var process in Processes)
        {
            await process.DisposeAsync();
        }

        _http.Dispose();
        _watchdog.Dispose();
        if (!KeepsLogs)
        {
            _directory.Delete(recursive: true);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var redis = await StartRedisAsync(cancellationToken);
        // As an administrator, for INFO and ACL LOG.
        _driver = await PublisherConnection.OpenAsync($"{redis},abortConnect=false,allowAdmin=true", _options.WaitForReplicas);
        Dictionary<string, string> own = new()
        {
            ["ASPNETCORE_ENVIRONMENT"] = Environments.Development,
            ["Authentication__DevelopmentKey"] = Tokens.Key,
            ["ConnectionStrings__redis"] = redis,
            ["Logging__LogLevel__Default"] = "Warning",
        };
        if (_options.IsPlain)
        {
            own["Transport__Mode"] = nameof(TransportMode.Plain);
        }

        var settings = Merged(own, _options.Settings);
        Hubs = [.. Enumerable.Range(1, _options.Hubs).Select(number => CreateHub(number, settings))];
        foreach (var hubs in Hubs.Chunk(StartedTogether))
        {
            await Task.WhenAll(hubs.Select(hub => hub.StartAsync(cancellationToken)));
        }

        Orders = [.. Enumerable.Range(1, _options.OrderServices).Select(number => new OrderServiceProcess($"orders-{number}", _directory, _watchdog, _http, Merged(settings, _options.OrderSettings)))];
        await Task.WhenAll(Orders.Select(orders => orders.StartAsync(cancellationToken)));

        // After the hubs, so that the first list that a gateway reads has all of them and clients spread evenly.
        var addresses = Orders.Select((orders, i) => KeyValuePair.Create($"services__orders__http__{i}", orders.Address.ToString())).ToDictionary();
        // Its appsettings.json is not in the directory that it is started in.
        addresses["Gateway__Routes__orders__Path"] = "/api/orders";
        addresses["Gateway__Routes__orders__Address"] = "http://orders";
        var limits = _options.HasCallerLimits ? [] : NoCallerLimits;
        var gatewaySettings = Merged(Merged(Merged(settings, addresses), limits), _options.GatewaySettings);
        Gateways = [.. Enumerable.Range(1, _options.Gateways).Select(number => new GatewayProcess($"gateway-{number}", _directory, _watchdog, _http, gatewaySettings))];
        await Task.WhenAll(Gateways.Select(gateway => gateway.StartAsync(cancellationToken)));
        if (_options.HasFront)
        {
            _front = new Front(Gateways);
            _front.Start();
        }
    }

    /// <returns>The connection string.</returns>
    private async Task<string> StartRedisAsync(CancellationToken cancellationToken)
    {
        if (_options.HasRedisCluster)
        {
            _redisCluster = await RedisClusterProcesses.StartAsync(_directory, _watchdog, cancellationToken);
            return _redisCluster.ConnectionString;
        }

        await Redis.StartAsync(cancellationToken);
        return Redis.ConnectionString;
    }

    private HubProcess CreateHub(int number, Dictionary<string, string> settings)
    {
        var network = _options.HubsReachRedisThroughProxies ? TcpProxy.Start(Redis.EndPoint) : null;
        var own = Merged(settings, _options.HubSettings);
        if (network is not null)
        {
            own["ConnectionStrings__redis"] = $"127.0.0.1:{network.Port}";
        }

        return new HubProcess($"hub-{number}", _directory, _watchdog, Registry, _http, network, own, _options.HubsKeepTheirPorts);
    }

    private static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string> settings, IReadOnlyDictionary<string, string> over) =>
        settings.Concat(over).GroupBy(setting => setting.Key).ToDictionary(same => same.Key, same => same.Last().Value);
}
