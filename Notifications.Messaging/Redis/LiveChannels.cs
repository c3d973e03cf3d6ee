using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// The channels as this Redis wants them. A Redis Cluster floods a plain channel over all its nodes and counts the listeners of
/// one node only, so there a stream's channel is sharded: it lives on the node that has the stream's keys. Everywhere else it is
/// plain, which every server has. The kind of server decides alone, so that publishers and hubs can't differ.
/// </summary>
internal sealed class LiveChannels(IConnectionMultiplexer redis, RedisNames names)
{
    private volatile Task<bool>? _sharded;

    /// <summary>The channel of the stream's live notifications.</summary>
    public ValueTask<RedisChannel> LiveAsync(StreamName stream) => OfAsync(names.Live(stream));

    /// <summary>The channel on which an instance hears itself in a partition.</summary>
    public ValueTask<RedisChannel> ProbeAsync(int partition, string instance) => OfAsync(names.Probe(partition, instance));

    /// <summary>The channel on which every hub hears what hubs tell all of them.</summary>
    public ValueTask<RedisChannel> HubsAsync() => OfAsync(names.Hubs);

    /// <summary>The channel on which one hub hears what it alone is told.</summary>
    public ValueTask<RedisChannel> HubAsync(string instance) => OfAsync(names.Hub(instance));

    /// <summary>Whether the server is a Redis Cluster. Asked once; until Redis is reached for the first time this waits or throws as a command does.</summary>
    public Task<bool> AreShardedAsync() =>
        _sharded is { IsFaulted: false, IsCanceled: false } asked ? asked : _sharded = AskAsync();

    private async ValueTask<RedisChannel> OfAsync(string name) =>
        await AreShardedAsync() ? RedisChannel.Sharded(name) : RedisChannel.Literal(name);

    private async Task<bool> AskAsync()
    {
        // A connection that was never up takes every server for a single one. A command waits until it is.
        await redis.GetDatabase().PingAsync();
        return redis.GetServers().Any(server => server is { IsConnected: true, ServerType: ServerType.Cluster });
    }
}
