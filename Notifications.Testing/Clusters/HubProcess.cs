using System.Net;
using Notifications.Messaging.Registry;

namespace Notifications.Testing.Clusters;

/// <summary>A hub replica. As under an orchestrator each start is another instance, with an id of its own and, unless it keeps it, a port of its own.</summary>
internal sealed class HubProcess(
    string name,
    DirectoryInfo directory,
    Watchdog watchdog,
    InstanceRegistry registry,
    HttpClient http,
    TcpProxy? redis,
    IReadOnlyDictionary<string, string> settings,
    bool keepsPort = false)
    : ServiceProcess("Notifications.Hub", name, directory, watchdog, http, settings)
{
    private int _starts;

    public string Instance => $"{Name}-{_starts}";

    /// <summary>The network between this hub and Redis, for its connections alone.</summary>
    /// <exception cref="InvalidOperationException">The cluster was not asked for one.</exception>
    public TcpProxy RedisNetwork => redis ?? throw new InvalidOperationException($"Start the cluster with {nameof(ClusterOptions.HubsReachRedisThroughProxies)}.");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (redis is not null)
        {
            await redis.DisposeAsync();
        }
    }

    protected override IEnumerable<string> Command()
    {
        _starts++;
        // Not before: of many ports that are chosen together and not listened on yet, two may be the same.
        if (_starts == 1 || !keepsPort)
        {
            EndPoint = new(IPAddress.Loopback, FreePorts.Next());
        }

        return base.Command();
    }

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        [.. base.Environment(), ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={Instance}")];

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        (await registry.ListAsync(cancellationToken)).Any(instance => instance.Id == Instance);
}
