using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Notifications.Client;

/// <summary>
/// Receives the notifications of a user and of topics. It keeps up a connection to the hub until it is disposed.
/// </summary>
/// <remarks>
/// <para><b>With a device: at least once, in order.</b> The notifications of a stream are handled one at a time, in the order of their
/// offsets. Different streams may be handled at the same time. A notification counts as handled when the handler has returned. Then its
/// position is saved, and after that it is acknowledged. A handler that throws gets the same notification again, after growing, jittered
/// waits. The later notifications of its stream wait. Notifications that the hub sends twice are dropped by their position. The handler
/// gets a notification twice only if this process or the position store fails between the handler's return and the save.</para>
/// <para><b>What is lost, and when:</b> notifications that the hub's log no longer has when the client comes back, or when a slow handler
/// asks for them. <see cref="OnGap"/> then tells where, in order with the notifications around the gap.</para>
/// <para><b>Without a device: live only, at most once.</b> Each connection gets only notifications that are published from its beginning
/// on. Nothing is saved or acknowledged.</para>
/// <para><b>Memory</b> is bounded: <see cref="NotificationClientOptions.QueueLength"/> notifications of each stream wait for the
/// handler. Further notifications stay in the hub's log. The client asks for them when half of the queue is handled.</para>
/// </remarks>
public sealed class NotificationClient : IAsyncDisposable
{
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    private readonly NotificationClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, IncomingStream> _streams = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _addingStream = new(1);
    private readonly CancellationTokenSource _handling = new();
    private readonly Connector _connector;
    private readonly HandOver _handOver = new();
    private Func<ReceivedNotification, CancellationToken, Task> _handle;
    private Func<Gap, CancellationToken, Task> _tellGap;
    private int _disposed;

    /// <exception cref="ArgumentException">An option has a value that is not allowed.</exception>
    public NotificationClient(NotificationClientOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null)
    {
        options.Check();
        _options = options;
        _time = time ?? TimeProvider.System;
        loggers ??= NullLoggerFactory.Instance;
        _logger = loggers.CreateLogger<NotificationClient>();
        _connector = new Connector(options, loggers, _time, _logger, this);
        _handle = _handOver.HandleAsync;
        _tellGap = (gap, _) =>
        {
            Log.GapUnheard(_logger, gap.Stream, gap.After.Offset);
            return Task.CompletedTask;
        };
    }

    /// <summary>Raised at each change of the state, on any thread. Handlers must not block.</summary>
    public event Action<ConnectionState>? StateChanged
    {
        add => _connector.StateChanged += value;
        remove => _connector.StateChanged -= value;
    }

    public ConnectionState State => _connector.State;

    private bool IsReadAsSequence => _handle == _handOver.HandleAsync;

    /// <summary>
    /// Sets the handler of all notifications. Its token is cancelled when the client is disposed. A notification that is not handled by then comes again.
    /// </summary>
    /// <exception cref="InvalidOperationException">The client has started, or has a handler already.</exception>
    public void Handle(Func<ReceivedNotification, CancellationToken, Task> handler)
    {
        ThrowIfStarted(nameof(Handle));
        if (!IsReadAsSequence)
        {
            throw new InvalidOperationException("The client has a handler. Call the others from that one: a notification is handled when all of it is done.");
        }

        _handle = handler;
    }

    /// <summary>
    /// Sets the handler for gaps. It is called in order, between the notifications before and after the gap. It has to reload the state
    /// that the application builds from the stream. A handler that throws is called again.
    /// </summary>
    /// <exception cref="InvalidOperationException">The client has started.</exception>
    public void OnGap(Func<Gap, CancellationToken, Task> handler)
    {
        ThrowIfStarted(nameof(OnGap));
        _tellGap = handler;
    }

    /// <summary>
    /// Starts to connect, and returns when the client is connected for the first time. Notifications to the user's own stream that are
    /// published after that arrive even without a device. The client goes on connecting until it is disposed. Cancelling ends only the
    /// wait. Disposing the client cancels the wait too.
    /// </summary>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        _connector.Start();
        return _connector.FirstConnected.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Returns the notifications of all streams, instead of a handler. A notification counts as handled when the reader asks for the next
    /// one. If the reader leaves the loop, the last notification is not handled, and the next reader gets it again. Ends when the client is
    /// disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The client has a handler.</exception>
    public IAsyncEnumerable<ReceivedNotification> ReadAllAsync(CancellationToken cancellationToken = default) =>
        IsReadAsSequence
            ? _handOver.ReadAllAsync(cancellationToken)
            : throw new InvalidOperationException("The notifications go to the handler. Use either Handle or ReadAllAsync.");

    /// <summary>
    /// Subscribes to a stream besides the user's own, now and on every later connection. Delivery begins after <paramref name="since"/>, or
    /// else after the stored position, or else from now on. Without a connection this returns at once, and the next connection subscribes. When
    /// the hub can't reach Redis, this returns too, and the client asks again until the hub can.
    /// </summary>
    /// <exception cref="HubException">The hub refuses, and says why. The stream is not subscribed then.</exception>
    public async Task SubscribeAsync(string stream, Position? since = null, CancellationToken cancellationToken = default)
    {
        var incoming = await StreamAsync(stream, cancellationToken);
        incoming.IsWanted = true;
        try
        {
            await incoming.SubscribeAsync(_connector.Connection, since).WaitAsync(cancellationToken);
        }
        catch (HubException)
        {
            incoming.IsWanted = false;
            throw;
        }
        catch (ConnectionLostException)
        {
            // The next connection subscribes.
        }
    }

    /// <summary>Ends a subscription. Notifications that have arrived before are still handled.</summary>
    public async Task UnsubscribeAsync(string stream, CancellationToken cancellationToken = default)
    {
        if (_streams.TryGetValue(stream, out var incoming))
        {
            incoming.IsWanted = false;
        }

        try
        {
            if (_connector.Connection is { IsOpen: true } connection)
            {
                await connection.UnsubscribeAsync(stream).WaitAsync(cancellationToken);
            }
        }
        catch (ConnectionLostException)
        {
            // The next connection does not subscribe.
        }
    }

    /// <summary>The id of the hub instance that serves the present connection.</summary>
    /// <exception cref="InvalidOperationException">There is no connection.</exception>
    public Task<string> InstanceAsync(CancellationToken cancellationToken = default) =>
        _connector.Connection is { IsOpen: true } connection
            ? connection.InstanceAsync(cancellationToken)
            : throw new InvalidOperationException("The client is not connected. Wait for the state Connected.");

    /// <summary>
    /// Stops handling, saves and acknowledges what was handled, and disconnects. A handler must not await this, because this waits for the handler.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _handling.CancelAsync();
        _handOver.Complete();
        try
        {
            await Task.WhenAll(_streams.Values.Select(stream => stream.StoppedAsync())).WaitAsync(FlushLimit, _time);
        }
        catch (TimeoutException)
        {
            // A handler ignores its token, or the hub does not answer. Notifications that were not acknowledged come again.
        }

        await _connector.DisposeAsync();
    }

    internal void OnOpened(ClientConnection connection)
    {
        foreach (var stream in _streams.Values)
        {
            stream.Begin(connection);
        }
    }

    internal async Task OnSubscribedAsync(ClientConnection connection, SubscribedMessage message)
    {
        if (connection != _connector.Connection)
        {
            return;
        }

        try
        {
            (await StreamAsync(message.Stream, connection.Ending)).OnSubscribed(connection, message);
        }
        catch (OperationCanceledException) when (connection.Ending.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            // Without the stored position, the client would miss the notifications since that position.
            Log.NotLoaded(_logger, message.Stream, exception);
            connection.GiveUp();
            return;
        }

        if (message.Stream.StartsWith(HubNames.UserKind, StringComparison.Ordinal))
        {
            _connector.Delivers(connection);
        }
    }

    internal void OnNotification(ClientConnection connection, NotificationMessage message)
    {
        if (connection == _connector.Connection && _streams.TryGetValue(message.Stream, out var stream))
        {
            stream.OnNotification(connection, message);
        }
    }

    private async Task<IncomingStream> StreamAsync(string name, CancellationToken cancellationToken)
    {
        if (_streams.TryGetValue(name, out var known))
        {
            return known;
        }

        await _addingStream.WaitAsync(cancellationToken);
        try
        {
            if (!_streams.TryGetValue(name, out var stream))
            {
                var position = _options.IsDurable ? await _options.Positions.LoadAsync(name, cancellationToken) : null;
                stream = new IncomingStream(name, position, _options, _handle, _tellGap, _time, _logger, _handling.Token);
                stream.Start();
                _streams[name] = stream;
            }

            return stream;
        }
        finally
        {
            _addingStream.Release();
        }
    }

    private void ThrowIfStarted(string method)
    {
        if (_connector.IsStarted)
        {
            throw new InvalidOperationException($"{method} comes before StartAsync, or the first notifications would pass it by.");
        }
    }
}
