using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Delivers to one connection, so that the offsets of each stream rise by one. Notifications that are missing (at the start, in a gap, or because the queue was full) are
/// read from the log.
/// </summary>
internal sealed class ConnectionDelivery
{
    /// <summary>The parameter of the connection's query that names the device.</summary>
    public const string DeviceQuery = "device";

    private readonly ConnectionSubscriptions _subscriptions;
    private readonly ConnectionWriter _writer;
    private readonly SubscriptionReader _reader;
    private readonly AcknowledgementWriter _acknowledgements;
    private readonly TimeProvider _time;
    private readonly RedisFailures _failures;
    private readonly ILogger _logger;
    private readonly DeliveryQueue _queue;

    public ConnectionDelivery(
        HubConnectionContext connection,
        ConnectionSubscriptions subscriptions,
        ConnectionWriter writer,
        SubscriptionReader reader,
        AcknowledgementWriter acknowledgements,
        int queueLength,
        TimeProvider time,
        RedisFailures failures,
        ILogger logger)
    {
        (Connection, _subscriptions, _writer, _reader, _acknowledgements) = (connection, subscriptions, writer, reader, acknowledgements);
        (_time, _failures, _logger) = (time, failures, logger);
        OpenedAt = time.GetUtcNow();
        var device = connection.GetHttpContext()?.Request.Query[DeviceQuery].ToString();
        Device = string.IsNullOrEmpty(device) ? null : new DeviceName(connection.UserIdentifier!, device);
        _queue = new DeliveryQueue(queueLength, DeliverAsync, CatchUpLateAsync, OnFailed);
    }

    public HubConnectionContext Connection { get; }

    /// <summary>Null when the client named no device: it gets live notifications only.</summary>
    public DeviceName? Device { get; }

    public DateTimeOffset OpenedAt { get; }

    /// <summary>The subscriptions at this moment. Delivery may move their positions at any time.</summary>
    public IReadOnlyList<Subscription> Subscriptions => _subscriptions.ToArray();

    /// <summary>
    /// Delivers the stream after <paramref name="since"/>, or else after the device's cursor, or else from now on. Every notification that is published after this returned is
    /// delivered. An earlier subscription of this connection to the stream is replaced. NotificationHub calls it for the user's own stream when a client connects, and for
    /// other streams when the client asks.
    /// </summary>
    /// <exception cref="HubException">
    /// Redis does not serve: there is no subscription, and the client has to ask again. Or a limit refuses: <see cref="ConnectionSubscriptions"/>, <see cref="SubscriptionReader"/>.
    /// </exception>
    public async Task SubscribeAsync(StreamName stream, Position? since)
    {
        var subscription = new Subscription(_queue, stream, since, _time.GetUtcNow());
        try
        {
            // First listen, then read the log. A notification that is published in between comes twice, and the second is dropped by its offset.
            await _subscriptions.AddAsync(subscription);
            subscription.CatchUp();
            // The starting position is decided before this returns. When delivery has ended, the connection is closed already.
            await await Task.WhenAny(subscription.Begun, _queue.Ended);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            _failures.Report(exception, $"Connection {Connection.ConnectionId} is not subscribed to {stream}. Its client is asked to try again.");
            await ForgetAsync(subscription);
            throw new HubException(Unavailable.Because(exception));
        }
        catch (HubException)
        {
            await ForgetAsync(subscription);
            throw;
        }
    }

    public bool IsSubscribed(StreamName stream) => _subscriptions.Find(stream) is not null;

    public Task UnsubscribeAsync(StreamName stream) =>
        _subscriptions.Find(stream) is { } subscription ? _subscriptions.RemoveAsync(subscription) : Task.CompletedTask;

    public void Acknowledge(StreamName stream, Position position)
    {
        if (Device is { } device)
        {
            _acknowledgements.Add(stream, device, position);
        }
    }

    /// <inheritdoc cref="ConnectionWriter.TellToReconnectAsync"/>
    public Task TellToReconnectAsync(TimeSpan delay) => _writer.TellToReconnectAsync(delay);

    /// <inheritdoc cref="ConnectionWriter.EndForNowAsync"/>
    public Task EndForNowAsync(string reason) => _writer.EndForNowAsync(reason);

    public async Task CloseAsync()
    {
        _queue.Close();
        var ended = await _subscriptions.EndAsync();
        await _queue.Ended;
        if (Device is { } device)
        {
            await _acknowledgements.FlushAsync(device, ended.Select(subscription => subscription.Stream));
        }
    }

    private async Task ForgetAsync(Subscription subscription)
    {
        try
        {
            await _subscriptions.RemoveAsync(subscription);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            // It is no member any more. Messages that still arrive on the channel find nobody.
            _failures.Report(exception, $"The channel of {subscription.Stream} is not unsubscribed.");
        }
    }

    private void OnFailed(Exception exception)
    {
        if (exception is OperationCanceledException && _writer.Gone.IsCancellationRequested)
        {
            return;
        }

        // To go on would leave a gap. The client reconnects and resumes from its position.
        Log.DeliveryFailed(_logger, Connection.ConnectionId, exception);
        _writer.CloseForNow();
    }

    private async ValueTask DeliverAsync(Subscription subscription, NotificationFrame? frame)
    {
        if (subscription.IsClosed || (frame is not null && subscription.IsWaitingForRedis))
        {
            // When Redis answers again, the log is read, and with it what is left out here.
            return;
        }

        if (frame is null || subscription.Position is not { } position)
        {
            await CatchUpAsync(subscription);
        }
        else if (frame.Follows(position))
        {
            await _writer.WriteAsync(subscription, frame);
        }
        else if (!frame.IsUpTo(position))
        {
            await CatchUpAsync(subscription);
        }
    }

    /// <summary>A notification that did not fit the queue may have been the last one of its stream, so that none follows to show the gap.</summary>
    private async ValueTask CatchUpLateAsync()
    {
        foreach (var subscription in Subscriptions.Where(subscription => subscription is { IsBehind: true, IsWaitingForRedis: false }))
        {
            await CatchUpAsync(subscription);
        }
    }

    private async Task CatchUpAsync(Subscription subscription)
    {
        StreamPage page;
        do
        {
            // Set before the read: notifications that do not fit the queue during it need another read.
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
                await _writer.WriteAsync(subscription, page.Frames[i]);
            }
        }
        while (!page.Page.IsLast && !subscription.IsClosed);
    }

    /// <summary>Reads the next page. The client is told <c>subscribed</c> when the page does not follow on what was delivered.</summary>
    private async Task<StreamPage> ReadAsync(Subscription subscription)
    {
        var (read, isRecovered) = await _reader.ReadAsync(subscription, Device, Connection.UserIdentifier!);
        var page = read.Page;
        subscription.Local?.NoteEnd(page.End);
        if (!isRecovered || subscription.Position is null)
        {
            subscription.Begin(page.Start);
            await _writer.TellSubscribedAsync(new Subscribed(subscription.Stream.Value, page.Epoch, page.After, isRecovered));
        }

        return read;
    }

    /// <summary>A subscription that was delivering waits, and goes on at its position when Redis answers again.</summary>
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
        await Task.Delay(delay, _time, _writer.Gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        subscription.IsWaitingForRedis = false;
        subscription.CatchUp();
    }
}
