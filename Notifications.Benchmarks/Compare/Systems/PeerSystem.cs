using System.Net;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare.Measures;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>A system of others: a Redis like this system's own, then its servers, then its proxy.</summary>
internal abstract class PeerSystem : ComparedSystem
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-peer-");
    private readonly Watchdog _watchdog = new();
    private readonly RedisProcess _redis;
    private IReadOnlyList<ListeningProcess> _servers = [];
    private ListeningProcess? _proxy;

    protected PeerSystem() => _redis = new RedisProcess(_directory, _watchdog, new ClusterOptions().RedisArguments);

    public override IPEndPoint Proxy => Started.EndPoint;

    public override IReadOnlyList<IPEndPoint> Servers => [.. _servers.Select(server => server.EndPoint)];

    public override IReadOnlyList<ProcessGroup> Groups =>
    [
        new(ProcessGroup.Hubs, [.. _servers.Select(server => server.Id)]),
        new(ProcessGroup.Redis, [_redis.Id]),
        new(ProcessGroup.Proxy, [Started.Id]),
    ];

    public override string LogDirectory => _directory.FullName;

    protected string Redis => _redis.ConnectionString;

    private ListeningProcess Started => _proxy ?? throw new InvalidOperationException("The system has not started.");

    private IEnumerable<ServerProcess> All => [.. _proxy is null ? [] : new[] { _proxy }, .. _servers, _redis];

    public override void ThrowIfAnyDied()
    {
        foreach (var process in All)
        {
            process.ThrowIfDead();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var process in All)
        {
            await process.DisposeAsync();
        }

        _watchdog.Dispose();
        if (!KeepsLogs)
        {
            _directory.Delete(recursive: true);
        }
    }

    /// <returns>The same, when every server takes requests.</returns>
    protected async Task<ComparedSystem> StartAsync(int servers, CancellationToken cancellationToken)
    {
        try
        {
            await _redis.StartAsync(cancellationToken);
            _servers = [.. Enumerable.Range(1, servers).Select(number => Server($"server-{number}", _directory, _watchdog))];
            await Task.WhenAll(_servers.Select(server => server.StartAsync(cancellationToken)));
            _proxy = ProxyBefore(Servers, _directory, _watchdog);
            await _proxy.StartAsync(cancellationToken);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    protected abstract ListeningProcess Server(string name, DirectoryInfo directory, Watchdog watchdog);

    protected abstract ListeningProcess ProxyBefore(IReadOnlyList<IPEndPoint> servers, DirectoryInfo directory, Watchdog watchdog);
}
