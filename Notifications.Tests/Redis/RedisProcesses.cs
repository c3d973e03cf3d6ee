using Notifications.Testing.Clusters;
using StackExchange.Redis;

namespace Notifications.Tests.Redis;

/// <summary>Redis servers of one test's own, which it kills, starts again and lets follow each other.</summary>
internal sealed class RedisProcesses : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-redis-");
    private readonly Watchdog _watchdog = new();
    private readonly List<ServerProcess> _processes = [];

    /// <summary>A server to be started later, without persistence unless the arguments say otherwise.</summary>
    public RedisProcess Add(params IReadOnlyList<string> arguments)
    {
        var process = new RedisProcess(_directory, _watchdog, arguments, $"redis-{_processes.Count + 1}");
        _processes.Add(process);
        return process;
    }

    public async Task<RedisProcess> StartAsync(params IReadOnlyList<string> arguments)
    {
        var process = Add(arguments);
        await process.StartAsync(CancellationToken.None);
        return process;
    }

    /// <summary>A sentinel that watches the primary.</summary>
    public async Task<RedisSentinelProcess> StartSentinelAsync(RedisProcess primary)
    {
        var sentinel = new RedisSentinelProcess(_directory, _watchdog, primary);
        _processes.Add(sentinel);
        await sentinel.StartAsync(CancellationToken.None);
        return sentinel;
    }

    /// <summary>A server that has all that the primary has, and follows it.</summary>
    /// <param name="port">Where it reaches the primary.</param>
    /// <param name="arguments">More of redis-server's.</param>
    public async Task<RedisProcess> StartReplicaAsync(int port, params IReadOnlyList<string> arguments)
    {
        var replica = await StartAsync(["--replicaof", "127.0.0.1", $"{port}", "--repl-diskless-sync-delay", "0", .. arguments]);
        await Eventually.True(
            async () => (await replica.SendAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal),
            "the replica to be in step");
        return replica;
    }

    public static async Task<IConnectionMultiplexer> ConnectAsync(RedisProcess process) =>
        await ConnectionMultiplexer.ConnectAsync($"{process.ConnectionString},abortConnect=false");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _watchdog.Dispose();
        _directory.Delete(recursive: true);
    }
}
