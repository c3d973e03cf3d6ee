using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>Keeps a connection to the hub: one after the other, with jittered waits, until it is disposed.</summary>
internal sealed class Connector(
    NotificationClientOptions options, ILoggerFactory loggers, TimeProvider time, ILogger logger, IConnectionReceiver receiver) : IAsyncDisposable
{
    // A connection that lasted this long worked: the next one that breaks is a new trouble, and its waits start short again.
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

    /// <summary>Completes when the hub has delivered for the first time; cancelled if the end came first.</summary>
    public Task FirstConnected => _firstConnected.Task;

    public void Start()
    {
        lock (_lock)
        {
            _loop ??= Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
        }
    }

    /// <summary>The hub delivers the user's own stream on this connection. From now on the connection gets every notification that is published.</summary>
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
        var backoff = new Backoff(options.MinDelay, options.MaxDelay);
        Enter(ConnectionState.Connecting);
        while (true)
        {
            try
            {
                await Task.Delay(await ConnectAsync(backoff, stopping), time, stopping);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                // An attempt that is cancelled half-way ends with whatever each of SignalR's transports made of it.
                return;
            }
        }
    }

    /// <summary>One connection from its beginning to its end.</summary>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan> ConnectAsync(Backoff backoff, CancellationToken stopping)
    {
        var refused = TimeSpan.Zero;
        try
        {
            await using var connection = new ClientConnection(options, loggers, time, receiver, stopping);
            _connection = connection;
            try
            {
                await connection.StartAsync(stopping);
            }
            finally
            {
                refused = connection.RetryAfter;
            }

            receiver.OnOpened(connection);
            var since = time.GetTimestamp();
            var reason = await connection.LostAsync(stopping);
            Leave();
            if (time.GetElapsedTime(since) >= SettledAfter)
            {
                backoff.Reset();
            }

            // The hub has spread its clients already: no jitter on top of the time that it told.
            var delay = connection.ComeBackIn ?? backoff.Next();
            Log.Lost(logger, options.Url, delay, reason);
            return delay;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // Whatever the reason, also a token that was refused: the next attempt asks for a new one.
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
