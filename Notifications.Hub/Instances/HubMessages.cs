using System.Text.Json;
using StackExchange.Redis;

namespace Notifications.Hubs.Instances;

/// <summary>
/// Sends messages to other hubs over Redis. If the gateway has one address for all hubs, nothing else reaches each of them. Messages are not stored: a hub that
/// does not listen at that moment misses them.
/// </summary>
internal sealed class HubMessages(IConnectionMultiplexer redis, LiveChannels channels)
{
    /// <returns>How many hubs heard it, this one among them.</returns>
    public async Task<long> TellAllAsync(HubMessage message) => await PublishAsync(await channels.HubsAsync(), message);

    public async Task TellAsync(string instance, HubMessage message) => await PublishAsync(await channels.HubAsync(instance), message);

    private Task<long> PublishAsync(RedisChannel channel, HubMessage message) =>
        redis.GetDatabase().PublishAsync(channel, JsonSerializer.SerializeToUtf8Bytes(message, HubMessageJson.Default.HubMessage));
}
