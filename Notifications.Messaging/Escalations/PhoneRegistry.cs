using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Escalations;

/// <summary>The push provider that sends messages to a phone.</summary>
internal enum PushPlatform
{
    Fcm,
    Apns,
}

/// <summary>A user's phone.</summary>
/// <param name="User">The user's id.</param>
/// <param name="Device">The name of the device.</param>
/// <param name="Platform">The push provider that issued the token.</param>
/// <param name="Token">The push provider finds the app on the phone by it. A secret: it is in no log and no trace.</param>
/// <param name="RegisteredAt">When the phone was last registered.</param>
/// <param name="Registration">A random name of that registration.</param>
internal sealed record Phone(string User, string Device, PushPlatform Platform, string Token, DateTimeOffset RegisteredAt, string Registration)
{
    /// <summary>In characters. The tokens of both push providers are much shorter.</summary>
    public const int MaxTokenLength = 4096;

    internal string PlatformName => Platform == PushPlatform.Fcm ? "fcm" : "apns";

    internal string Value => string.Create(CultureInfo.InvariantCulture, $"{RegisteredAt.ToUnixTimeMilliseconds()} {Registration} {PlatformName} {Token}");

    internal string Owner => $"{User} {Device} {Registration}";
}

/// <summary>
/// The users' phones in Redis. A user's phones are in the partition of their stream, and the owner of a token is in the partition of the token. In a Redis
/// Cluster these are two slots, so no script can change both. The owner of the token is written first, and it decides (<see cref="IsOwnAsync"/>). So a token
/// never belongs to two users, even if calls are interrupted or overtake each other.
/// </summary>
internal sealed class PhoneRegistry(IConnectionMultiplexer redis, RedisNames names, IOptions<NotificationOptions> options, TimeProvider time)
{
    private static readonly Script Register = Script.Load("register-phone.lua");
    private static readonly Script Forget = Script.Load("forget-phone.lua");
    private static readonly Script Release = Script.Load("release-token.lua");

    private readonly NotificationOptions _options = options.Value;

    /// <summary>
    /// Registers the phone, and replaces the phone that the device had registered before. A token of another device or user belongs to this device from now on.
    /// When this throws, the token may belong to nobody: register again.
    /// </summary>
    public async Task RegisterAsync(string user, string device, PushPlatform platform, string token)
    {
        var database = redis.GetDatabase();
        var phone = new Phone(user, device, platform, token, time.GetUtcNow(), RandomNumberGenerator.GetHexString(16, lowercase: true));
        // First the token stops being the other user's. If this call is interrupted now, no stranger gets a user's notifications.
        var owner = (string?)await database.StringSetAndGetAsync(TokenKey(phone), phone.Owner, _options.PhoneLifetime);
        var replaced = (RedisValue[])(await Register.RunAsync(
            database, [PhonesKey(user)], [device, phone.Value, _options.MaxPhones, (long)_options.PhoneLifetime.TotalMilliseconds]))!;
        foreach (var other in Parse(StreamName.User(user), replaced).Where(other => other.Token != token))
        {
            await ReleaseAsync(other);
        }

        if (owner?.Split(' ') is [var otherUser, var otherDevice, _] && (otherUser, otherDevice) != (user, device)
            && Find(otherUser, otherDevice, await database.HashGetAsync(PhonesKey(otherUser), otherDevice)) is { } former
            && (former.Platform, former.Token) == (platform, token))
        {
            await ForgetAsync(former);
        }
    }

    /// <summary>Removes the phone that the device registered.</summary>
    /// <returns>False if there was none.</returns>
    public async Task<bool> RemoveAsync(string user, string device) =>
        Find(user, device, await redis.GetDatabase().HashGetAsync(PhonesKey(user), device)) is { } phone && await ForgetAsync(phone);

    /// <summary>Removes the phone, unless it was registered again since.</summary>
    /// <returns>False: it was registered again, or is removed already.</returns>
    public async Task<bool> ForgetAsync(Phone phone)
    {
        var forgotten = (bool)await Forget.RunAsync(redis.GetDatabase(), [PhonesKey(phone.User)], [phone.Device, phone.Value]);
        await ReleaseAsync(phone);
        return forgotten;
    }

    /// <summary>Whether the token belongs to this device of this user. Ask before anything is sent to the token.</summary>
    public async Task<bool> IsOwnAsync(Phone phone) =>
        // The registration is not compared. If two calls register the same phone at once, each of the two keys may have either call's registration.
        (string?)await redis.GetDatabase().StringGetAsync(TokenKey(phone)) is { } owner
        && owner.StartsWith($"{phone.User} {phone.Device} ", StringComparison.Ordinal);

    /// <summary>The phones of the stream's user, from <c>device, phone, device, phone …</c></summary>
    internal static IEnumerable<Phone> Parse(StreamName stream, RedisValue[] values)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            if (Find(stream.Id, values[i]!, values[i + 1]) is { } phone)
            {
                yield return phone;
            }
        }
    }

    private static Phone? Find(string user, string device, RedisValue value) =>
        ((string?)value)?.Split(' ') is [var registered, var registration, var platform, var token]
        && long.TryParse(registered, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && Enum.TryParse<PushPlatform>(platform, ignoreCase: true, out var known)
            ? new Phone(user, device, known, token, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), registration)
            : null;

    /// <summary>Releases the token if it still has this registration. A later registration keeps the token, also one of the same device.</summary>
    private Task ReleaseAsync(Phone phone) => Release.RunAsync(redis.GetDatabase(), [TokenKey(phone)], [phone.Owner]);

    private RedisKey PhonesKey(string user) => names.Phones(StreamName.User(user));

    private RedisKey TokenKey(Phone phone) => names.PhoneToken(phone.PlatformName, phone.Token);
}
