using Aspire.Hosting;
using Notifications.Benchmarks.Clusters;

namespace Notifications.Tests.Redis;

/// <summary>A <c>redis-server</c> with AOF that a test kills and starts again on the same port.</summary>
internal sealed class RestartableRedis : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-redis-");
    private readonly Watchdog _watchdog = new();
    private readonly RedisProcess _process;

    public RestartableRedis() => _process = new RedisProcess(_directory, _watchdog, ["--appendonly", "yes"]);

    public string ConnectionString => _process.ConnectionString;

    public Task StartAsync() => _process.StartAsync(CancellationToken.None);

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _watchdog.Dispose();
        _directory.Delete(recursive: true);
    }
}
