using Notifications.Testing.Clusters;
using StackExchange.Redis;

namespace Notifications.Tests.Redis;

/// <summary>A running server of its own on a free loopback port, and a connection to it.</summary>
public abstract class RedisServer : IAsyncDisposable
{
    private const int StartAttempts = 3;
    private IConnectionMultiplexer? _connection;

    public int Port { get; private set; }

    public string ConnectionString => $"127.0.0.1:{Port}";

    public IConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException("The server has not started. Await StartAsync first.");

    public async Task StartAsync()
    {
        for (var attempt = 1; _connection is null; attempt++)
        {
            Port = FreePorts.Next();
            try
            {
                StartOn(Port);
                _connection = await ConnectAsync();
            }
            catch (Exception) when (attempt < StartAttempts)
            {
                // Most likely the port was taken in between; the last attempt's exception tells what else it is.
                await StopServerAsync();
            }
        }
    }

    public Task<IConnectionMultiplexer> ConnectAsync() => Eventually.Value(
        async () =>
        {
            try
            {
                return (IConnectionMultiplexer)await ConnectionMultiplexer.ConnectAsync($"{ConnectionString},connectRetry=1,connectTimeout=1000,allowAdmin=true");
            }
            catch (RedisConnectionException)
            {
                ThrowIfDead();
                return null;
            }
        },
        $"the Redis server on port {Port} to answer");

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await StopServerAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract void StartOn(int port);

    /// <summary>Says why, if waiting for the server is pointless.</summary>
    protected abstract void ThrowIfDead();

    protected abstract Task StopServerAsync();
}
