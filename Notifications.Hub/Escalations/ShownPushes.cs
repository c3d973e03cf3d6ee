using System.Text.Json;
using StackExchange.Redis;

namespace Notifications.Hubs.Escalations;

/// <summary>For Development: the last messages that a phone would have shown. They are in Redis, because any instance may be asked for them.</summary>
internal sealed class ShownPushes(IConnectionMultiplexer redis, RedisNames names, TimeProvider time)
{
    private const int Kept = 20;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public Task AddAsync(PushMessage message, Phone phone)
    {
        var database = redis.GetDatabase();
        var key = names.Shown(message.Stream, phone.Device);
        var shown = new
        {
            message.Id,
            message.Position.Offset,
            message.Content.Title,
            message.Content.Body,
            message.Content.Badge,
            message.Content.Sound,
            message.Content.Data,
            ShownAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        return Task.WhenAll(
            database.ListRightPushAsync(key, JsonSerializer.Serialize(shown, JsonSerializerOptions.Web)),
            database.ListTrimAsync(key, -Kept, -1),
            database.KeyExpireAsync(key, Lifetime));
    }

    public async Task<IReadOnlyList<JsonElement>> ListAsync(StreamName stream, string device) =>
        [.. (await redis.GetDatabase().ListRangeAsync(names.Shown(stream, device))).Select(shown => JsonElement.Parse((byte[])shown!))];
}
