using System.Net;
using Notifications.Messaging.Registry;

namespace Notifications.Testing.Clusters;

/// <summary>A hub replica. As under an orchestrator each start is another instance, with an id of its own and, unless it keeps it, a port of its own.</summary>
/// <param name="name">Of the replica; the instance's id adds how often it was started.</param>
/// <param name="directory">Where it logs.</param>
/// <param name="watchdog">Ends it with the driver.</param>
/// <param name="registry">Tells that it has started.</param>
/// <param name="http">Asks for its health.</param>
/// <param name="redis">The network between it and Redis, if that can be disturbed.</param>
/// <param name="settings">Environment variables.</param>
/// <param name="keepsPort">It listens at the same port whenever it is started.</param>
internal sealed class HubProcess(
    string name,
    DirectoryInfo directory,
    Watchdog watchdog,
    InstanceRegistry registry,
    HttpClient http,
    TcpProxy? redis,
    IReadOnlyDictionary<string, string> settings,
    bool keepsPort = false)
    : ServerProcess(name, directory, watchdog)
{
    private int _starts;

    public string Instance => $"{Name}-{_starts}";

    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>The network between this hub and Redis, for its connections alone.</summary>
    /// <exception cref="InvalidOperationException">The cluster was not asked for one.</exception>
    public TcpProxy RedisNetwork => redis ?? throw new InvalidOperationException($"Start the cluster with {nameof(ClusterOptions.HubsReachRedisThroughProxies)}.");

    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"http://{EndPoint}/health"), cancellationToken);
        return answer.IsSuccessStatusCode;
    }

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
        if (_starts == 1 || !keepsPort)
        {
            EndPoint = new(IPAddress.Loopback, FreePorts.Next());
        }

        return ["dotnet", Programs.Built("Notifications.Hub")];
    }

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
    [
        .. settings.Select(setting => (setting.Key, setting.Value)),
        ("ASPNETCORE_URLS", $"http://{EndPoint}"),
        ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={Instance}"),
    ];

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        (await registry.ListAsync(cancellationToken)).Any(instance => instance.Id == Instance);
}
