using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The subscription of this instance to one channel over the live feed. The handler gets the messages in their order, from
/// <see cref="BeginAsync"/> to <see cref="End"/>. Calls must not overlap.
/// </summary>
internal sealed class LiveSubscription(LiveFeed feed, Func<ValueTask<RedisChannel>> channel, Action<ReadOnlySpan<byte>> receive)
{
    private LiveChannel? _channel;

    /// <summary>
    /// Begins, if it has not begun. After this returned, each published message is heard, or the feed reports that it may have missed messages.
    /// </summary>
    /// <inheritdoc cref="LiveFeed.ListenAsync"/>
    public async Task BeginAsync() => _channel ??= await feed.ListenAsync(await channel(), receive);

    public void End()
    {
        if (_channel is not null)
        {
            feed.Leave(_channel);
        }
    }
}
