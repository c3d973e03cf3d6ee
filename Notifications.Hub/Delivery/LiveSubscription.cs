using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// One channel that this instance listens to over the live link, message by message in their order. Its calls must not overlap: a
/// SUBSCRIBE and an UNSUBSCRIBE that overtake each other leave the channel dead.
/// </summary>
internal sealed class LiveSubscription(Func<ValueTask<RedisChannel>> channel, Action<RedisValue> receive)
{
    private ISubscriber? _subscriber;
    private ChannelMessageQueue? _messages;

    /// <summary>It has listened over some link.</summary>
    public bool HasBegun => _messages is not null;

    /// <summary>Listens over this link from now on, if it does not already or if the link lost the subscription.</summary>
    /// <exception cref="RedisException">Redis does not answer, or the link was replaced meanwhile: listen over the one that is there now.</exception>
    public async Task ListenAsync(ISubscriber subscriber)
    {
        try
        {
            if (_messages is not null && _subscriber?.Multiplexer == subscriber.Multiplexer)
            {
                if (subscriber.SubscribedEndpoint(_messages.Channel) is not null)
                {
                    return;
                }

                await _messages.UnsubscribeAsync();
            }

            await SubscribeAsync(subscriber);
        }
        catch (ObjectDisposedException exception)
        {
            throw new RedisConnectionException(ConnectionFailureType.ConnectionDisposed, "The live link was replaced meanwhile.", exception);
        }
    }

    public async Task EndAsync()
    {
        try
        {
            if (_messages is not null)
            {
                await _messages.UnsubscribeAsync();
            }
        }
        catch (ObjectDisposedException)
        {
            // The link that it listened over was replaced, and its subscription ended with it.
        }
    }

    private async Task SubscribeAsync(ISubscriber subscriber)
    {
        var name = await channel();
        try
        {
            // The queue keeps the order of the channel; SE.Redis's concurrent handlers do not. A replica hears too, but the
            // publishers' server does not count who listens there.
            var messages = await subscriber.SubscribeAsync(name, CommandFlags.DemandMaster);
            messages.OnMessage(message => receive(message.Message));
            (_messages, _subscriber) = (messages, subscriber);
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            // SE.Redis keeps what it could not subscribe to and does so later, into a queue that nobody reads.
            await subscriber.UnsubscribeAsync(name);
            throw;
        }
    }
}
