using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>Keeps a link to the hub: one after the other, with jittered waits, until it is disposed.</summary>
internal sealed class Connector(
    NotificationClientOptions options, ILoggerFactory loggers, TimeProvider time, ILogger logger, IHubLinkReceiver receiver) : IAsyncDisposable
{
    // A connection that lasted this long worked: the next one that breaks is a new trouble, and its waits start short again.
    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private volatile HubLink? _link;
    private Task? _loop;

    public event Action<ConnectionState>? StateChanged;

    public ConnectionState State { get; private set; }

    /// <summary>The present link, which may still be connecting or have ended just now.</summary>
    public HubLink? Link => _link;

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

    /// <summary>The hub delivers the user's own stream on this link: only now does nothing that is published pass it by.</summary>
    public void Delivers(HubLink link)
    {
        lock (_lock)
        {
            // A late answer must not revive a link that has ended.
            if (link == _link)
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

    /// <summary>One link from its beginning to its end.</summary>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan> ConnectAsync(Backoff backoff, CancellationToken stopping)
    {
        var refused = TimeSpan.Zero;
        try
        {
            await using var link = new HubLink(options, loggers, time, receiver, stopping);
            _link = link;
            try
            {
                await link.StartAsync(stopping);
            }
            finally
            {
                refused = link.RetryAfter;
            }

            receiver.OnOpened(link);
            var since = time.GetTimestamp();
            var reason = await link.LostAsync(stopping);
            Leave();
            if (time.GetElapsedTime(since) >= SettledAfter)
            {
                backoff.Reset();
            }

            // Told when to come back, it does: the hub has spread its clients already.
            var delay = link.ComeBackIn ?? backoff.Next();
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
            _link = null;
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
