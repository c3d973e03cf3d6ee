using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>One channel that this instance listens to over the live link, message by message in their order, once it has begun and until it ends. Its calls must not overlap.</summary>
internal sealed class LiveSubscription(LiveLink link, Func<ValueTask<RedisChannel>> channel, MessageHandler receive)
{
    private LiveChannel? _channel;

    public bool HasBegun => _channel is not null;

    /// <summary>Begins, if it has not. When this returns, what is published from now on is heard, or the link says that it may have missed something.</summary>
    /// <inheritdoc cref="LiveLink.ListenAsync"/>
    public async Task BeginAsync() => _channel ??= await link.ListenAsync(await channel(), receive);

    public void End()
    {
        if (_channel is not null)
        {
            link.Leave(_channel);
        }
    }
}
