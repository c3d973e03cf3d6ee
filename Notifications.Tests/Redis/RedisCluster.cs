using Notifications.Testing.Clusters;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Redis;

/// <summary>
/// A Redis Cluster of a test class's own (<c>IClassFixture&lt;RedisCluster&gt;</c>) and a connection to it. A test that kills a
/// node starts it again.
/// </summary>
public sealed class RedisCluster : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-redis-cluster-");
    private readonly Watchdog _watchdog = new();
    private RedisClusterProcesses? _processes;
    private IConnectionMultiplexer? _connection;

    public string ConnectionString => $"{Processes.ConnectionString},abortConnect=false";

    public IConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException("redis-server is not installed, so there is no cluster.");

    internal RedisClusterProcesses Processes => _processes ?? throw new InvalidOperationException("redis-server is not installed, so there is no cluster.");

    public async Task InitializeAsync()
    {
        if (RedisServerProcess.IsInstalled)
        {
            _processes = await RedisClusterProcesses.StartAsync(_directory, _watchdog, CancellationToken.None);
            _connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        }
    }

    public async Task DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        if (_processes is not null)
        {
            await _processes.DisposeAsync();
        }

        _watchdog.Dispose();
        _directory.Delete(recursive: true);
    }
}
