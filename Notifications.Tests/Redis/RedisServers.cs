using Xunit;

namespace Notifications.Tests.Redis;

public enum RedisKind
{
    Garnet,
    RedisServer,
}

/// <summary>
/// The servers of one test class (<c>IClassFixture&lt;RedisServers&gt;</c>), each started when first asked for. A theory with
/// <c>[MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]</c> runs on every one that there is.
/// Tests share them, so each uses stream names of its own (<see cref="Unique"/>).
/// </summary>
public sealed class RedisServers : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1);
    private readonly Dictionary<RedisKind, RedisServer> _running = [];

    public static TheoryData<RedisKind> Installed =>
        RedisServerProcess.IsInstalled ? new(RedisKind.Garnet, RedisKind.RedisServer) : new(RedisKind.Garnet);

    /// <summary>A name that no other test uses.</summary>
    public static string Unique(string name) => $"{name}-{Guid.NewGuid():N}";

    public async Task<RedisServer> GetAsync(RedisKind kind)
    {
        await _starting.WaitAsync();
        try
        {
            if (!_running.TryGetValue(kind, out var server))
            {
                server = kind == RedisKind.Garnet ? new GarnetInProcess() : new RedisServerProcess();
                _running[kind] = server;
                await server.StartAsync();
            }

            return server;
        }
        finally
        {
            _starting.Release();
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _running.Values)
        {
            await server.DisposeAsync();
        }
    }
}
