using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>Keeps up a connection to the hub until it is disposed. After a connection is lost, it opens the next one after a jittered wait.</summary>
internal sealed class Connector(
    NotificationClientOptions options, ILoggerFactory loggers, TimeProvider time, ILogger logger, NotificationClient client) : IAsyncDisposable
{
    // The end of a connection that lasted this long is a new problem, so the waits start short again.
    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private volatile ClientConnection? _connection;
    private Task? _loop;

    public event Action<ConnectionState>? StateChanged;

    public ConnectionState State { get; private set; }

    /// <summary>The present connection, which may still be connecting or have ended just now.</summary>
    public ClientConnection? Connection => _connection;

    public bool IsStarted => _loop is not null;

    /// <summary>Completes when the hub delivers for the first time. Cancelled when the connector is disposed before that.</summary>
    public Task FirstConnected => _firstConnected.Task;

    public void Start()
    {
        lock (_lock)
        {
            _loop ??= Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
        }
    }

    /// <summary>
    /// Called when the hub delivers the user's own stream on this connection. From now on the connection gets every notification that is published.
    /// </summary>
    public void Delivers(ClientConnection connection)
    {
        lock (_lock)
        {
            // A late answer must not revive a connection that has ended.
            if (connection == _connection)
            {
                Enter(ConnectionState.Connected);
                _firstConnected.TrySetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await (_loop ?? Task.CompletedTask);
        _firstConnected.TrySetCanceled(CancellationToken.None);
        Enter(ConnectionState.Disconnected);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        var backoff = new Backoff(options);
        Enter(ConnectionState.Connecting);
        while (true)
        {
            try
            {
                await Task.Delay(await ConnectAsync(backoff, stopping), time, stopping);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                // The exception of a cancelled attempt depends on SignalR's transport.
                return;
            }
        }
    }

    /// <summary>Opens a connection and waits for its end.</summary>
    /// <returns>How long to wait before the next connection.</returns>
    private async Task<TimeSpan> ConnectAsync(Backoff backoff, CancellationToken stopping)
    {
        var refused = TimeSpan.Zero;
        try
        {
            await using var connection = new ClientConnection(options, loggers, time, client, wait => refused = wait, stopping);
            _connection = connection;
            await connection.StartAsync(stopping);
            client.OnOpened(connection);
            var since = time.GetTimestamp();
            var reason = await connection.LostAsync(stopping);
            Leave();
            if (time.GetElapsedTime(since) >= SettledAfter)
            {
                backoff.Reset();
            }

            // No jitter on top of the hub's delay, because the hub has already spread its clients.
            var delay = connection.ComeBackIn ?? backoff.Next();
            Log.Lost(logger, options.Url, delay, reason);
            return delay;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // Every failure is tried again, also a refused token: the next attempt asks for a new token.
            Leave();
            var delay = refused + backoff.Next();
            Log.NotConnected(logger, options.Url, delay, exception);
            return delay;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _connection = null;
            if (_firstConnected.Task.IsCompleted)
            {
                Enter(ConnectionState.Reconnecting);
            }
        }
    }

    private void Enter(ConnectionState state)
    {
        lock (_lock)
        {
            if (State == state)
            {
                return;
            }

            State = state;
            Log.StateChanged(logger, state, options.Url);
            try
            {
                StateChanged?.Invoke(state);
            }
            catch (Exception exception)
            {
                Log.StateHandlerFailed(logger, exception);
            }
        }
    }
}
