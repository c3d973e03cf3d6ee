using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Registry;

/// <summary>The revocations as Redis keeps them.</summary>
internal sealed class RevocationStore(IConnectionMultiplexer redis, RedisNames names)
{
    /// <summary>Keeps a revocation for <paramref name="kept"/>, and removes older revocations.</summary>
    /// <param name="user">The user whose tokens are revoked.</param>
    /// <param name="until">Tokens that were issued up to this time are revoked.</param>
    /// <param name="kept">The longest lifetime of a token. After it, all revoked tokens have expired.</param>
    public async Task AddAsync(string user, DateTimeOffset until, TimeSpan kept)
    {
        var database = redis.GetDatabase();
        await database.SortedSetAddAsync(names.Revocations, user, until.ToUnixTimeSeconds());
        await Task.WhenAll(
            database.SortedSetRemoveRangeByScoreAsync(names.Revocations, double.NegativeInfinity, (until - kept).ToUnixTimeSeconds()),
            database.KeyExpireAsync(names.Revocations, kept));
    }

    /// <summary>The revocations from that time on: each user, and the time up to which the user's tokens are revoked.</summary>
    public async Task<IReadOnlyCollection<KeyValuePair<string, DateTimeOffset>>> ListAsync(DateTimeOffset since)
    {
        var entries = await redis.GetDatabase().SortedSetRangeByScoreWithScoresAsync(names.Revocations, since.ToUnixTimeSeconds());
        return Array.ConvertAll(entries, entry => KeyValuePair.Create((string)entry.Element!, DateTimeOffset.FromUnixTimeSeconds((long)entry.Score)));
    }
}
