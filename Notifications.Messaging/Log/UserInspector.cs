using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>What Redis has of a user.</summary>
/// <param name="End">The end of the user's stream; null: there is no stream.</param>
/// <param name="LogLength">How many notifications the log has.</param>
/// <param name="LogExpiresIn">How long the log lives if nothing more is published; null: there is no log.</param>
/// <param name="Newest">The newest notifications, newest first: offsets <c>End</c>, <c>End - 1</c> …</param>
/// <param name="Devices">The devices that connected, acknowledged, or were registered as a phone, by name.</param>
internal sealed record InspectedUser(
    Position? End, long LogLength, TimeSpan? LogExpiresIn, IReadOnlyList<ReadOnlyMemory<byte>> Newest, IReadOnlyList<InspectedDevice> Devices);

/// <summary>One of a user's devices.</summary>
/// <param name="Name">The name that it gives itself.</param>
/// <param name="Cursor">The highest offset that the device acknowledged; -1 if that was in an earlier epoch; null if it never connected.</param>
/// <param name="SeenAt">When the device last connected or acknowledged. The time of an acknowledgement may be some hours too early.</param>
/// <param name="Phone">The phone that is registered under this name; null: none.</param>
internal sealed record InspectedDevice(string Name, long? Cursor, DateTimeOffset? SeenAt, Phone? Phone);

/// <summary>Reads what Redis has of a user, for operators. It changes nothing, so it creates no user who does not exist.</summary>
internal sealed class UserInspector(IConnectionMultiplexer redis, RedisNames names)
{
    private static readonly Script Inspect = Script.Load("inspect-user.lua");

    /// <summary>Reads at most <paramref name="limit"/> notifications, and none after <paramref name="maxBytes"/> bytes.</summary>
    public async Task<InspectedUser> InspectAsync(string user, int limit, int maxBytes)
    {
        var stream = StreamName.User(user);
        var result = (RedisResult[])(await Inspect.RunAsync(
            redis.GetDatabase(),
            [names.Meta(stream), names.Log(stream), names.Cursors(stream), names.Seen(stream), names.Phones(stream)],
            [limit, maxBytes]))!;
        var (epoch, offset, life) = ((string)result[0]!, (long)result[1], (long)result[3]);
        var cursors = Pairs(result[5]).ToDictionary(pair => pair.Key, pair => (long)pair.Value);
        var seen = Pairs(result[6]).ToDictionary(pair => pair.Key, pair => DateTimeOffset.FromUnixTimeMilliseconds((long)pair.Value));
        var phones = PhoneRegistry.Parse(stream, (RedisValue[])result[7]!).ToDictionary(phone => phone.Device);
        return new InspectedUser(
            epoch.Length > 0 ? new Position(epoch, offset) : null,
            (long)result[2],
            life > 0 ? TimeSpan.FromMilliseconds(life) : null,
            Array.ConvertAll((RedisValue[])result[4]!, entry => (ReadOnlyMemory<byte>)entry),
            [
                .. cursors.Keys.Union(seen.Keys).Union(phones.Keys).Order(StringComparer.Ordinal).Select(device => new InspectedDevice(
                    device,
                    cursors.TryGetValue(device, out var cursor) ? cursor : null,
                    seen.TryGetValue(device, out var at) ? at : null,
                    phones.GetValueOrDefault(device))),
            ]);
    }

    /// <summary>The pairs in a hash that Redis returned as <c>field, value, field, value …</c></summary>
    private static IEnumerable<KeyValuePair<string, RedisValue>> Pairs(RedisResult hash) =>
        ((RedisValue[])hash!).Chunk(2).Select(pair => KeyValuePair.Create((string)pair[0]!, pair[1]));
}
