using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// What one call of a script may touch on this Redis. On a single server that is everything. On a Redis Cluster, and behind a proxy that hides one
/// (the enterprise policy of Azure Managed Redis), it is one slot, and so one partition.
/// </summary>
internal sealed class ScriptScope(IConnectionMultiplexer redis, LiveChannels channels, RedisNames names)
{
    private volatile Task<Scope>? _scope;

    /// <param name="IsSharded">Channels are sharded (<see cref="LiveChannels"/>).</param>
    /// <param name="HasAllPartitions">A call may have the keys of any partitions.</param>
    internal readonly record struct Scope(bool IsSharded, bool HasAllPartitions);

    /// <summary>Asked once; until Redis is reached for the first time this waits or throws as a command does.</summary>
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
            // A publisher may have a Redis user who is kept to topics, or to some users. It may do as much in one partition as in another.
            return new Scope(IsSharded: false, HasAllPartitions: false);
        }
    }
}
