using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Registry;

/// <summary>The revocations as Redis keeps them.</summary>
internal sealed class RevocationStore(IConnectionMultiplexer redis, RedisNames names)
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
}
