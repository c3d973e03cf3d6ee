using System.Text.Json;
using StackExchange.Redis;

namespace Notifications.Hubs.Escalations;

/// <summary>
/// For Development: logs the message that would go to a phone, and keeps the last ones for the demo page. They are in Redis, because any instance may be asked
/// for them.
/// </summary>
internal sealed class LogSender(IConnectionMultiplexer redis, RedisNames names, TimeProvider time, ILogger<LogSender> logger) : IPushSender
{
    private const int Kept = 20;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public object? Settings => nameof(LogSender);

    public async Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken)
    {
        Log.WouldPush(logger, phone.User, phone.Device, message.Content.Title, message.Content.Body);
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
        await Task.WhenAll(
            database.ListRightPushAsync(key, JsonSerializer.Serialize(shown, JsonSerializerOptions.Web)),
            database.ListTrimAsync(key, -Kept, -1),
            database.KeyExpireAsync(key, Lifetime));
        return new SendOutcome(SendResult.Delivered);
    }

    /// <summary>The last messages that this phone would have shown, oldest first.</summary>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(StreamName stream, string device) =>
        [.. (await redis.GetDatabase().ListRangeAsync(names.Shown(stream, device))).Select(shown => JsonElement.Parse((byte[])shown!))];
}
