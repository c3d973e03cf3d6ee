using System.Globalization;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Registry;

/// <summary>What every hub is told about a user: his connections end now.</summary>
/// <param name="User">His id.</param>
/// <param name="RevokedUntil">Tokens issued until then are refused from now on; null: his tokens stay good.</param>
internal readonly record struct UserEnd(string User, DateTimeOffset? RevokedUntil)
{
    private const char Separator = ' ';

    /// <summary>As the channel carries it: <c>user</c>, or <c>user seconds</c>. A user id has no space.</summary>
    public override string ToString() => RevokedUntil is { } until
        ? string.Create(CultureInfo.InvariantCulture, $"{User}{Separator}{until.ToUnixTimeSeconds()}")
        : User;

    /// <returns>False if the text is none.</returns>
    public static bool TryParse(string? text, out UserEnd end)
    {
        var parts = (text ?? "").Split(Separator);
        var seconds = 0L;
        var valid = StreamName.IsValidId(parts[0])
            && (parts.Length == 1 || (parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out seconds)));
        end = valid ? new(parts[0], parts.Length == 1 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds)) : default;
        return valid;
    }
}

/// <summary>The revocations as Redis keeps them, and the word about them to all hubs.</summary>
internal sealed class RevocationStore(IConnectionMultiplexer redis, LiveChannels channels, RedisNames names)
{
    /// <summary>Keeps a revocation for <paramref name="kept"/>, and forgets those that are older than that.</summary>
    /// <param name="user">Whose tokens.</param>
    /// <param name="until">Those issued until then.</param>
    /// <param name="kept">The longest life of a token: after it there is none left to refuse.</param>
    public async Task AddAsync(string user, DateTimeOffset until, TimeSpan kept)
    {
        var database = redis.GetDatabase();
        await database.SortedSetAddAsync(names.Revocations, user, until.ToUnixTimeSeconds());
        await Task.WhenAll(
            database.SortedSetRemoveRangeByScoreAsync(names.Revocations, double.NegativeInfinity, (until - kept).ToUnixTimeSeconds()),
            database.KeyExpireAsync(names.Revocations, kept));
    }

    /// <summary>Every revocation that was made since: user and until when.</summary>
    public async Task<IReadOnlyCollection<KeyValuePair<string, DateTimeOffset>>> ListAsync(DateTimeOffset since)
    {
        var entries = await redis.GetDatabase().SortedSetRangeByScoreWithScoresAsync(names.Revocations, since.ToUnixTimeSeconds());
        return Array.ConvertAll(entries, entry => KeyValuePair.Create((string)entry.Element!, DateTimeOffset.FromUnixTimeSeconds((long)entry.Score)));
    }

    /// <returns>How many hubs heard.</returns>
    public async Task<long> TellAsync(UserEnd end) =>
        await redis.GetDatabase().PublishAsync(await channels.UserEndsAsync(), end.ToString());
}
