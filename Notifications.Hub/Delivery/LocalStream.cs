using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>One stream on this instance: its Redis subscription and the connections that it is passed on to.</summary>
internal sealed class LocalStream(StreamName name, ISubscriber redis, HubTelemetry telemetry, ILogger logger)
{
    // SUBSCRIBE and UNSUBSCRIBE of one channel must not overtake each other, or the channel ends up dead: one at a time.
    private readonly SemaphoreSlim _changing = new(1);
    private readonly Lock _membersLock = new();
    private readonly List<Subscription> _members = [];
    private ChannelMessageQueue? _live;
    private bool _closed;

    /// <returns>False if the last subscription has left and this stream is over.</returns>
    public async Task<bool> TryAddAsync(Subscription subscription)
    {
        await _changing.WaitAsync();
        try
        {
            if (_closed)
            {
                return false;
            }

            if (_live is null)
            {
                // The queue keeps the order of the channel; SE.Redis's concurrent handlers do not.
                _live = await redis.SubscribeAsync(RedisNames.Live(name));
                _live.OnMessage(message => Receive(message.Message));
            }

            lock (_membersLock)
            {
                subscription.Index = _members.Count;
                _members.Add(subscription);
            }

            return true;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task RemoveAsync(Subscription subscription, Action onClosed)
    {
        await _changing.WaitAsync();
        try
        {
            lock (_membersLock)
            {
                if (subscription.Index >= _members.Count || _members[subscription.Index] != subscription)
                {
                    return;
                }

                var last = _members[^1];
                last.Index = subscription.Index;
                _members[subscription.Index] = last;
                _members.RemoveAt(_members.Count - 1);
                _closed = _members.Count == 0;
            }

            if (_closed)
            {
                onClosed();
                if (_live is not null)
                {
                    await _live.UnsubscribeAsync();
                }
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    private void Receive(RedisValue message)
    {
        try
        {
            if (!LiveMessage.TryParse(message, out var live))
            {
                Log.NotALiveMessage(logger, name);
                return;
            }

            var entry = LogEntry.Parse(live.Entry);
            var frame = new NotificationFrame(name, new Position(live.Epoch, live.Offset), entry);
            lock (_membersLock)
            {
                using var activity = telemetry.StartDeliver(name, live.Offset, entry.TraceParent, _members.Count);
                foreach (var member in _members)
                {
                    member.Offer(frame);
                }
            }
        }
        catch (FormatException exception)
        {
            // The offset that follows shows the gap, and the log is read.
            Log.UnreadableEntry(logger, name, exception);
        }
    }
}
