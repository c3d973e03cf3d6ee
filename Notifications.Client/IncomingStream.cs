using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>
/// One stream on its way from the hub to the handler. The bounded queue takes a notification only if it follows the last one that was
/// received. A lower offset is a duplicate. When notifications are missing (the queue was full, or the hub began at a later cursor), the hub
/// is asked for them again. So the hub's log, and not this process, keeps what a slow handler has not seen yet. The handler of a notification
/// or a gap is called until it succeeds.
/// </summary>
internal sealed class IncomingStream(
    string name,
    Position? handled,
    NotificationClientOptions options,
    Func<ReceivedNotification, CancellationToken, Task> handle,
    Func<Gap, CancellationToken, Task> tellGap,
    TimeProvider time,
    ILogger logger,
    CancellationToken stopping)
{
    private readonly Channel<Arrival> _queue = Channel.CreateBounded<Arrival>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
    private readonly Progress _progress = new(name, handled, options, time, logger, stopping);
    private Task _pump = Task.CompletedTask;

    private readonly Lock _lock = new();
    private ClientConnection? _connection;
    private Question? _asked;
    private bool _isUnasked;
    private bool _isBehind;
    private Position? _received = handled;

    /// <summary>A notification or a gap. With neither, it is the position where the stream began for this client.</summary>
    private readonly record struct Arrival(Position Position, NotificationMessage? Notification, Gap? Gap);

    /// <summary>A call of <c>Subscribe</c> under way. It is kept to recognize the hub's answer.</summary>
    private readonly record struct Question(Position? Since);

    /// <summary>
    /// Whether the application subscribed to the stream, so that each connection has to subscribe again. The user's own stream needs no subscription.
    /// </summary>
    public bool IsWanted { get; set; }

    /// <summary>Begins to handle what arrives.</summary>
    public void Start() => _pump = Task.Run(PumpAsync, CancellationToken.None);

    /// <summary>From now on this connection delivers the stream. Subscribes on the connection if the stream <see cref="IsWanted"/>.</summary>
    public void Begin(ClientConnection connection)
    {
        lock (_lock)
        {
            if (Enter(connection) && IsWanted)
            {
                Ask(connection);
            }
        }
    }

    /// <summary>
    /// Asks the hub for the stream and waits for the answer. With <paramref name="since"/>, the stream goes on at that position. When the hub
    /// is unavailable, this returns, and the hub is asked again in the background.
    /// </summary>
    /// <exception cref="HubException">The hub refuses.</exception>
    /// <exception cref="ConnectionLostException">The connection is gone.</exception>
    public async Task SubscribeAsync(ClientConnection? connection, Position? since)
    {
        Task answer;
        lock (_lock)
        {
            if (connection is not { IsOpen: true })
            {
                _received = since ?? _received;
                return;
            }

            Enter(connection);
            _received = since ?? _received;
            _asked = new Question(_received);
            answer = connection.SubscribeAsync(name, _received);
        }

        try
        {
            await answer;
        }
        catch (HubException exception) when (HubNames.IsUnavailable(exception))
        {
            Log.NotSubscribed(logger, name, exception);
            _ = AskAsync(connection);
        }
        catch
        {
            lock (_lock)
            {
                _asked = null;
            }

            throw;
        }
    }

    public void OnSubscribed(ClientConnection connection, SubscribedMessage message)
    {
        Begin(connection);
        lock (_lock)
        {
            var announced = message.Position;
            // The hub begins the user's own stream by itself, so its first message there answers no Subscribe.
            var asked = _isUnasked ? null : _asked;
            _asked = _isUnasked ? _asked : null;
            _isUnasked = false;
            if (_received is not { } known)
            {
                Accept(new Arrival(announced, null, message.Recovered ? null : new Gap(name, null, announced)));
            }
            else if (asked is { } question && message.Recovered && announced == question.Since)
            {
                // The hub goes on at the position that was asked for. Notifications received before the answer come again and are dropped.
            }
            else if (asked is null && announced.Epoch == known.Epoch)
            {
                // The hub begins at the device's cursor. Only this client's own position tells whether notifications lie in between,
                // or whether the position store has gone back to an older position.
                if (announced.Offset != known.Offset)
                {
                    Ask(connection);
                }
            }
            else
            {
                Accept(new Arrival(announced, null, new Gap(name, known, announced)));
            }

            _progress.Resume(connection, announced);
        }
    }

    public void OnNotification(ClientConnection connection, NotificationMessage message)
    {
        lock (_lock)
        {
            if (_connection != connection || _received is not { } known)
            {
                return;
            }

            var isSameEpoch = message.Epoch == known.Epoch;
            if (isSameEpoch && (message.Offset == known.Offset + 1 || (message.Offset <= known.Offset && !options.Deduplicate)))
            {
                Accept(new Arrival(message.Position, message, null));
            }
            else if ((!isSameEpoch || message.Offset > known.Offset) && !_isBehind)
            {
                Ask(connection);
            }
        }
    }

    /// <summary>Waits until handling has stopped, and the last handled position is saved and acknowledged.</summary>
    public async Task StoppedAsync()
    {
        await _pump;
        await _progress.FlushAsync();
    }

    /// <returns>False when this connection delivers the stream already.</returns>
    private bool Enter(ClientConnection connection)
    {
        if (_connection == connection)
        {
            return false;
        }

        if (_connection is not null && !options.IsDurable)
        {
            // Without a device delivery is live only: it goes on at the present end of the stream.
            _received = null;
        }

        (_connection, _asked, _isUnasked) = (connection, null, name.StartsWith(HubNames.UserKind, StringComparison.Ordinal));
        return true;
    }

    private void Accept(Arrival arrival)
    {
        if (_queue.Writer.TryWrite(arrival))
        {
            _received = arrival.Position;
        }
        else
        {
            // The queue is full, so this counts as not received. The pump asks for it again when there is room.
            _isBehind = true;
        }
    }

    private void Ask(ClientConnection connection)
    {
        if (_asked is null)
        {
            _asked = new Question(_received);
            _ = AskAsync(connection);
        }
    }

    private async Task AskAsync(ClientConnection connection)
    {
        var backoff = new Backoff(options);
        do
        {
            try
            {
                Task answer;
                lock (_lock)
                {
                    _asked = new Question(_received);
                    answer = connection.SubscribeAsync(name, _received);
                }

                await answer;
                return;
            }
            catch (HubException exception)
            {
                Log.NotSubscribed(logger, name, exception);
            }
            catch (ConnectionLostException)
            {
                // The connection is gone. The next connection asks first.
                return;
            }

            await Task.Delay(backoff.Next(), time, connection.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!connection.Ending.IsCancellationRequested);
    }

    private async Task PumpAsync()
    {
        try
        {
            await foreach (var arrival in _queue.Reader.ReadAllAsync(stopping))
            {
                await HandleAsync(arrival);
                _progress.Handled(arrival.Position);
                lock (_lock)
                {
                    if (_isBehind && _queue.Reader.Count <= options.QueueLength / 2 && _connection is { } connection)
                    {
                        _isBehind = false;
                        Ask(connection);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Queued notifications were not acknowledged, so they come again.
        }
    }

    private async Task HandleAsync(Arrival arrival)
    {
        var backoff = new Backoff(options);
        while (true)
        {
            try
            {
                await (arrival switch
                {
                    { Notification: { } notification } => handle(notification.ToReceived(), stopping),
                    { Gap: { } gap } => tellGap(gap, stopping),
                    _ => Task.CompletedTask,
                });
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception exception)
            {
                Log.NotHandled(logger, name, arrival.Position.Offset, exception);
            }

            await Task.Delay(backoff.Next(), time, stopping);
        }
    }
}
