using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// The keys that one call of a script may have on this Redis. On a single server they may be of any partitions. On a Redis Cluster they have to be in one slot,
/// and so in one partition. This is also true behind a proxy that hides a cluster (the enterprise policy of Azure Managed Redis).
/// </summary>
internal sealed class ScriptScope(IConnectionMultiplexer redis, LiveChannels channels, RedisNames names)
{
    private volatile Task<Scope>? _scope;

    /// <param name="IsSharded">Whether channels are sharded (<see cref="LiveChannels"/>).</param>
    /// <param name="HasAllPartitions">Whether a call may have the keys of any partitions.</param>
    internal readonly record struct Scope(bool IsSharded, bool HasAllPartitions);

    /// <summary>Redis is asked once. Until Redis is reached for the first time, this waits or throws as a command does.</summary>
    public Task<Scope> AskAsync() =>
        _scope is { IsFaulted: false, IsCanceled: false } asked ? asked : _scope = AskRedisAsync();

    private async Task<Scope> AskRedisAsync()
    {
        if (await channels.AreShardedAsync())
        {
            return new Scope(IsSharded: true, HasAllPartitions: false);
        }

        try
        {
            await redis.GetDatabase().ScriptEvaluateAsync("return 1", [.. RedisNames.AllPartitions.Select(names.Escalations)]);
            return new Scope(IsSharded: false, HasAllPartitions: true);
        }
        catch (RedisServerException exception) when (exception.Kind is RedisErrorKind.CrossSlot or RedisErrorKind.NoPermission)
        {
            // The Redis user of a publisher may be limited to topics, or to some users. Calls with the keys of one partition each work for it as well.
            return new Scope(IsSharded: false, HasAllPartitions: false);
        }
    }
}
