using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Escalations;

/// <summary>Who brings a message to a phone.</summary>
internal enum PushPlatform
{
    Fcm,
    Apns,
}

/// <summary>A user's phone.</summary>
/// <param name="User">Whose.</param>
/// <param name="Device">The user's name for it.</param>
/// <param name="Platform">Whose token it is.</param>
/// <param name="Token">Where the platform finds the app on it. A secret: in no log and no trace.</param>
/// <param name="RegisteredAt">When it was registered last.</param>
/// <param name="Registration">A random name for that registration.</param>
internal sealed record Phone(string User, string Device, PushPlatform Platform, string Token, DateTimeOffset RegisteredAt, string Registration)
{
    /// <summary>No platform's tokens are nearly as long.</summary>
    public const int MaxTokenLength = 4096;

    internal string PlatformName => Platform == PushPlatform.Fcm ? "fcm" : "apns";

    internal string Value => string.Create(CultureInfo.InvariantCulture, $"{RegisteredAt.ToUnixTimeMilliseconds()} {Registration} {PlatformName} {Token}");

    internal string Owner => $"{User} {Device} {Registration}";
}

/// <summary>
/// The users' phones in Redis. A user's phones lie beside their stream, whose token one is lies beside the token: two slots of a
/// Redis Cluster, so no script can change both. The token's own entry is written first and decides
/// (<see cref="IsOwnAsync"/>): whatever is interrupted in between, and in whatever order calls overtake each other, no token
/// ever counts as two users'.
/// </summary>
internal sealed class PhoneRegistry(IConnectionMultiplexer redis, RedisNames names, IOptions<NotificationOptions> options, TimeProvider time)
{
    private static readonly Script Register = Script.Load("register-phone.lua");
    private static readonly Script Forget = Script.Load("forget-phone.lua");
    private static readonly Script Release = Script.Load("release-token.lua");

    private readonly NotificationOptions _options = options.Value;

    /// <summary>
    /// Registers the phone, in the place of what that device had registered before. A token that was another device's or another
    /// user's is this one's from now on. When it throws, the token may belong to nobody: register again.
    /// </summary>
    public async Task RegisterAsync(string user, string device, PushPlatform platform, string token)
    {
        var database = redis.GetDatabase();
        var phone = new Phone(user, device, platform, token, time.GetUtcNow(), RandomNumberGenerator.GetHexString(16, lowercase: true));
        // First of all it stops being the other's: interrupted now, nobody's notifications go to a stranger.
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

    /// <summary>Removes the phone unless it was registered again since.</summary>
    /// <returns>False if it was.</returns>
    public async Task<bool> ForgetAsync(Phone phone)
    {
        var forgotten = (bool)await Forget.RunAsync(redis.GetDatabase(), [PhonesKey(phone.User)], [phone.Device, phone.Value]);
        await ReleaseAsync(phone);
        return forgotten;
    }

    /// <summary>Whether the token is this user's on this device; to be asked before anything is sent to it.</summary>
    public async Task<bool> IsOwnAsync(Phone phone) =>
        // Not by the registration: of two calls that register the same at once either one's may stand on either side.
        (string?)await redis.GetDatabase().StringGetAsync(TokenKey(phone)) is { } owner
        && owner.StartsWith($"{phone.User} {phone.Device} ", StringComparison.Ordinal);

    /// <param name="stream">The user's stream.</param>
    /// <param name="values">Device, phone, device, phone …</param>
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

    /// <summary>By the registration: it must not take the token from one that came meanwhile, be it the same device's.</summary>
    private Task ReleaseAsync(Phone phone) => Release.RunAsync(redis.GetDatabase(), [TokenKey(phone)], [phone.Owner]);

    private RedisKey PhonesKey(string user) => names.Phones(StreamName.User(user));

    private RedisKey TokenKey(Phone phone) => names.PhoneToken(phone.PlatformName, phone.Token);
}
