using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Hubs.Limits;
using Notifications.Transport;
using Notifications.Hubs.Operators;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Delivers to one connection: a bounded queue of live notifications, worked off by one at a time, so that a stream's offsets
/// go out rising by one. Whatever is missing (the start, a gap, what did not fit the queue) is read from the log.
/// </summary>
/// <remarks>
/// Whoever brings the first into an empty queue works it off, up to where something has to be waited for: what a client takes at once costs no
/// other thread.
/// </remarks>
internal sealed class ConnectionDelivery
{
    private readonly HubConnectionContext _connection;
    private readonly StreamRouter _router;
    private readonly LogReader _log;
    private readonly AcknowledgementWriter _acknowledgements;
    private readonly DeliveryOptions _options;
    private readonly int _maxSubscriptions;
    private readonly UnusedTopicLimit _unusedTopics;
    private readonly HubTelemetry _telemetry;
    private readonly DeliveryPace _pace;
    private readonly TimeProvider _time;
    private readonly RedisFailures _failures;
    private readonly ILogger _logger;
    private readonly DeviceName? _device;
    private readonly DateTimeOffset _openedAt;
    private readonly IMessageSender? _sender;
    private readonly bool _isText;
    private readonly string _protocol;
    private readonly Lock _queueLock = new();
    private readonly Queue<Work> _queue = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _subscriptionsLock = new();
    private readonly Dictionary<StreamName, Subscription> _subscriptions = [];
    private bool _isWorking;
    private bool _isClosed;
    private bool _hasLeft;
    private volatile bool _isLate;

    public ConnectionDelivery(
        HubConnectionContext connection,
        StreamRouter router,
        LogReader log,
        AcknowledgementWriter acknowledgements,
        DeliveryOptions options,
        int maxSubscriptions,
        UnusedTopicLimit unusedTopics,
        HubTelemetry telemetry,
        DeliveryPace pace,
        TimeProvider time,
        RedisFailures failures,
        ILogger logger)
    {
        (_connection, _router, _log, _acknowledgements) = (connection, router, log, acknowledgements);
        (_options, _maxSubscriptions, _unusedTopics) = (options, maxSubscriptions, unusedTopics);
        (_telemetry, _pace, _time, _failures, _logger) = (telemetry, pace, time, failures, logger);
        _openedAt = time.GetUtcNow();
        var device = connection.GetHttpContext()?.Request.Query[DeviceNameRule.Query].ToString();
        _device = string.IsNullOrEmpty(device) ? null : new DeviceName(connection.UserIdentifier!, device);
        _sender = connection.GetHttpContext()?.Features.Get<IMessageSender>();
        _protocol = connection.Protocol.Name;
        _isText = connection.Features.Get<ITransferFormatFeature>()?.ActiveFormat != TransferFormat.Binary;
    }

    /// <summary>A live notification, or null: there is a subscription to catch up.</summary>
    private readonly record struct Work(Subscription Subscription, NotificationFrame? Frame);

    public string ConnectionId => _connection.ConnectionId;

    public string? User => _connection.UserIdentifier;

    /// <summary>
    /// Delivers the stream from <paramref name="since"/> on; without it after the device's cursor, or from now on where it has
    /// none. When this returns, what is published from then on is delivered. A subscription that the connection already has for
    /// the stream is replaced.
    /// </summary>
    /// <exception cref="HubException">
    /// Redis does not serve, so that there is no subscription and the client has to ask again; or the connection has as many as it may, or its user
    /// as many to topics that nobody publishes to.
    /// </exception>
    public async Task SubscribeAsync(StreamName stream, Position? since)
    {
        var subscription = new Subscription(this, stream, since, _time.GetUtcNow());
        Subscription? replaced;
        lock (_subscriptionsLock)
        {
            if (_hasLeft)
            {
                throw new HubException("This connection has ended.");
            }

            if (!_subscriptions.Remove(stream, out replaced) && _maxSubscriptions > 0 && _subscriptions.Count >= _maxSubscriptions)
            {
                _telemetry.Refused("subscriptions");
                throw new HubException(
                    $"This connection is subscribed to {_maxSubscriptions} streams, as many as {ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.SubscriptionsPerConnection)} allows. Unsubscribe from one first.");
            }

            _subscriptions[stream] = subscription;
        }

        if (replaced is not null)
        {
            await LeaveAsync(replaced);
        }

        try
        {
            // First listen, then read the log: what is published in between comes both ways, and the second is dropped by its offset.
            await _router.AddAsync(subscription);
            if (subscription.IsClosed)
            {
                // The connection ended before there was anything to take out.
                await _router.RemoveAsync(subscription);
            }

            CatchUp(subscription);
            // Whoever publishes after this returned finds the position taken. What has ended has closed the connection.
            await await Task.WhenAny(subscription.Begun, _ended.Task);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            _failures.Report(exception, $"Connection {ConnectionId} is not subscribed to {stream}. Its client is asked to try again.");
            await ForgetAsync(subscription);
            throw new HubException(Unavailable.Because(exception));
        }
        catch (HubException)
        {
            await ForgetAsync(subscription);
            throw;
        }
    }

    public bool IsSubscribed(StreamName stream)
    {
        lock (_subscriptionsLock)
        {
            return _subscriptions.ContainsKey(stream);
        }
    }

    public async Task UnsubscribeAsync(StreamName stream)
    {
        Subscription? subscription;
        lock (_subscriptionsLock)
        {
            _subscriptions.Remove(stream, out subscription);
        }

        if (subscription is not null)
        {
            await LeaveAsync(subscription);
        }
    }

    public void Acknowledge(StreamName stream, Position position)
    {
        if (_device is { } device)
        {
            _acknowledgements.Add(stream, device, position);
        }
    }

    /// <summary>As it is at this moment, for an operator. The loop may move a position meanwhile.</summary>
    /// <param name="maxStreams">How many of its streams are listed.</param>
    public UserConnection Describe(int maxStreams)
    {
        lock (_subscriptionsLock)
        {
            return new UserConnection(
                ConnectionId,
                _device?.Device,
                _connection.Features.Get<IHttpTransportFeature>()?.TransportType.ToString(),
                _connection.Protocol.Name,
                _openedAt,
                TokenTimes.Expiry(_connection.Features.Get<IConnectionUserFeature>()?.User),
                _subscriptions.Count,
                [.. _subscriptions.Values.Take(maxStreams).Select(subscription => new ConnectionStream(
                    subscription.Stream.Value, subscription.Position?.Epoch, subscription.Position?.Offset, subscription.IsBehind || subscription.IsWaitingForRedis))]);
        }
    }

    public Task TellToReconnectAsync(TimeSpan delay) =>
        _connection.WriteAsync(new InvocationMessage(ClientEvents.Reconnect, [new Reconnect((int)delay.TotalMilliseconds)])).AsTask();

    /// <summary>
    /// Ends the connection for a reason that passes. SignalR tells a client that could not be connected never to come back; this one may.
    /// </summary>
    public async Task EndForNowAsync(string reason)
    {
        await _connection.WriteAsync(new CloseMessage(reason, allowReconnect: true));
        _connection.Features.CloseForNow();
    }

    /// <summary>Never waits. A full queue means that there is work under way; the rest is read from the log after it.</summary>
    public void Offer(Subscription subscription, NotificationFrame frame) => Take(new Work(subscription, frame));

    public void CatchUp(Subscription subscription) => Take(new Work(subscription, null));

    public async Task CloseAsync()
    {
        bool isWorking;
        lock (_queueLock)
        {
            _isClosed = true;
            isWorking = _isWorking;
        }

        if (!isWorking)
        {
            _ended.TrySetResult();
        }

        Subscription[] subscriptions;
        lock (_subscriptionsLock)
        {
            _hasLeft = true;
            subscriptions = [.. _subscriptions.Values];
            _subscriptions.Clear();
        }

        foreach (var subscription in subscriptions)
        {
            await LeaveAsync(subscription);
        }

        await _ended.Task;
        if (_device is { } device)
        {
            await _acknowledgements.FlushAsync(device, subscriptions.Select(subscription => subscription.Stream));
        }
    }

    private async Task ForgetAsync(Subscription subscription)
    {
        lock (_subscriptionsLock)
        {
            if (_subscriptions.GetValueOrDefault(subscription.Stream) == subscription)
            {
                _subscriptions.Remove(subscription.Stream);
            }
        }

        try
        {
            await LeaveAsync(subscription);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            // It is a member no more. What still arrives on the channel finds nobody.
            _failures.Report(exception, $"The channel of {subscription.Stream} is not unsubscribed.");
        }
    }

    private Task LeaveAsync(Subscription subscription)
    {
        subscription.IsClosed = true;
        return _router.RemoveAsync(subscription);
    }

    private void Take(Work work)
    {
        lock (_queueLock)
        {
            if (_isClosed)
            {
                return;
            }

            if (_queue.Count >= _options.QueueLength)
            {
                work.Subscription.IsBehind = true;
                _isLate = true;
                return;
            }

            _queue.Enqueue(work);
            if (_isWorking)
            {
                return;
            }

            _isWorking = true;
        }

        _ = WorkAsync();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (Next() is { } work)
            {
                await DeliverAsync(work);
                if (_isLate)
                {
                    _isLate = false;
                    await CatchUpLateAsync();
                }
            }

            return;
        }
        catch (OperationCanceledException) when (_connection.ConnectionAborted.IsCancellationRequested)
        {
            // The connection is gone.
        }
        catch (Exception exception)
        {
            // Going on would leave a hole. The client comes back and resumes from its position.
            Log.DeliveryFailed(_logger, ConnectionId, exception);
            _connection.Features.CloseForNow();
        }

        lock (_queueLock)
        {
            _isClosed = true;
            _queue.Clear();
        }

        _ended.TrySetResult();
    }

    /// <returns>Null: there is nothing to do, and the next one is worked off by who brings it.</returns>
    private Work? Next()
    {
        lock (_queueLock)
        {
            if (!_isClosed && _queue.TryDequeue(out var work))
            {
                return work;
            }

            _isWorking = false;
            if (_isClosed)
            {
                _queue.Clear();
                _ended.TrySetResult();
            }

            return null;
        }
    }

    private async ValueTask DeliverAsync(Work work)
    {
        var (subscription, frame) = work;
        if (subscription.IsClosed || (frame is not null && subscription.IsWaitingForRedis))
        {
            // What is left out while Redis does not answer is read from the log when it does.
            return;
        }

        if (frame is null || subscription.Position is not { } position)
        {
            await CatchUpAsync(subscription);
        }
        else if (frame.Follows(position))
        {
            await WriteAsync(subscription, frame);
        }
        else if (!frame.IsUpTo(position))
        {
            await CatchUpAsync(subscription);
        }
    }

    /// <summary>What did not fit the queue may have been a stream's last notification, with none to follow that shows the gap.</summary>
    private async ValueTask CatchUpLateAsync()
    {
        Subscription[] late;
        lock (_subscriptionsLock)
        {
            late = [.. _subscriptions.Values.Where(subscription => subscription is { IsBehind: true, IsWaitingForRedis: false })];
        }

        foreach (var subscription in late)
        {
            await CatchUpAsync(subscription);
        }
    }

    private async Task CatchUpAsync(Subscription subscription)
    {
        StreamPage page;
        do
        {
            // Before the read: what overflows from now on is read again.
            subscription.IsBehind = false;
            try
            {
                page = await ReadAsync(subscription);
                subscription.RedisAnswered();
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                WaitForRedis(subscription, exception);
                return;
            }
            catch (HubException refused)
            {
                subscription.Fail(refused);
                return;
            }

            for (var i = 0; i < page.Frames.Count && !subscription.IsClosed; i++)
            {
                await WriteAsync(subscription, page.Frames[i]);
            }
        }
        while (!page.Page.IsLast && !subscription.IsClosed);
    }

    /// <summary>A connection that was delivering stays, and goes on where it was when Redis answers again.</summary>
    private void WaitForRedis(Subscription subscription, Exception exception)
    {
        if (subscription.Position is null)
        {
            subscription.Fail(exception);
            return;
        }

        var delay = subscription.RedisFailed();
        _failures.Report(exception, $"The log of {subscription.Stream} is not read. Its connection waits, and it is tried again in {delay}.");
        _ = CatchUpLaterAsync(subscription, delay);
    }

    private async Task CatchUpLaterAsync(Subscription subscription, TimeSpan delay)
    {
        await Task.Delay(delay, _time, _connection.ConnectionAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        subscription.IsWaitingForRedis = false;
        CatchUp(subscription);
    }

    /// <summary>The next page for the subscription, announced with <c>subscribed</c> where it does not follow on what was delivered.</summary>
    private async Task<StreamPage> ReadAsync(Subscription subscription)
    {
        var stream = subscription.Stream;
        var known = subscription.Position ?? subscription.Since;
        // A client's word counts for its own stream only: renewing a topic's epoch would reset everybody.
        var givenOutIn = subscription.Position is not null || stream.IsUser ? known?.Epoch : null;
        var read = await ReadAsync(begins: stream.IsUser || subscription.Position is not null);
        if (read.Page.Epoch.Length == 0)
        {
            _unusedTopics.Take(User!, stream);
            read = await ReadAsync(begins: true);
        }

        var recovered = read.Page.IsContiguous && (known is null || known.Value.Epoch == read.Page.Epoch);
        if (known is not null && known.Value.Epoch != read.Page.Epoch)
        {
            // The offset meant another log. All of this one is new to the client.
            read = await _log.ReadAfterAsync(stream, 0, _options.PageSize);
        }

        var page = read.Page;
        subscription.Local?.NoteEnd(page.End);
        if (!recovered || subscription.Position is null)
        {
            subscription.Begin(page.Start);
            await SendAsync(new SerializedHubMessage(new InvocationMessage(
                ClientEvents.Subscribed, [new Subscribed(stream.Value, page.Epoch, page.After, recovered)])));
        }

        return read;

        Task<StreamPage> ReadAsync(bool begins) => known is { } position ? _log.ReadAfterAsync(stream, position.Offset, _options.PageSize, givenOutIn, position.Token, begins)
            : _device is { } device ? _log.ReadAfterCursorAsync(stream, device, _options.PageSize, begins)
            : _log.ReadEndAsync(stream, begins);
    }

    private async ValueTask WriteAsync(Subscription subscription, NotificationFrame frame)
    {
        await SendAsync(frame.In(_protocol));
        subscription.MoveTo(frame.Position);
        var latency = _time.GetUtcNow() - frame.Timestamp;
        _telemetry.Delivered(latency);
        _pace.Delivered(frame.Timestamp >= subscription.CreatedAt ? latency : null);
    }

    private ValueTask SendAsync(SerializedHubMessage message) => _sender is null
        ? _connection.WriteAsync(message, _connection.ConnectionAborted)
        : _sender.SendAsync(message.GetSerializedMessage(_connection.Protocol), _isText, _connection.ConnectionAborted);
}
