using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// The channels in the form that this Redis needs. A Redis Cluster sends each message of a plain channel to all nodes, and counts the listeners of one node
/// only. So there a stream's channel is sharded: it is on the node that has the stream's keys. On any other server the channel is plain, which every server
/// supports. Only the kind of server decides, so publishers and hubs can't differ.
/// </summary>
internal sealed class LiveChannels(IConnectionMultiplexer redis, RedisNames names)
{
    private volatile Task<bool>? _sharded;

    /// <summary>The channel of the stream's live notifications.</summary>
    public ValueTask<RedisChannel> LiveAsync(StreamName stream) => OfAsync(names.Live(stream));

    /// <summary>The channel on which an instance hears its own probes of a partition.</summary>
    public ValueTask<RedisChannel> ProbeAsync(int partition, string instance) => OfAsync(names.Probe(partition, instance));

    /// <summary>The channel of messages from one hub to all hubs.</summary>
    public ValueTask<RedisChannel> HubsAsync() => OfAsync(names.Hubs);

    /// <summary>The channel of messages to one hub.</summary>
    public ValueTask<RedisChannel> HubAsync(string instance) => OfAsync(names.Hub(instance));

    /// <summary>
    /// Whether the server is a Redis Cluster. Redis is asked once. Until Redis is reached for the first time, this waits or throws as a command does.
    /// </summary>
    public Task<bool> AreShardedAsync() =>
        _sharded is { IsFaulted: false, IsCanceled: false } asked ? asked : _sharded = AskAsync();

    private async ValueTask<RedisChannel> OfAsync(string name) =>
        await AreShardedAsync() ? RedisChannel.Sharded(name) : RedisChannel.Literal(name);

    private async Task<bool> AskAsync()
    {
        // A connection that was never up takes every server for a single one. The PING waits until the connection is up.
        await redis.GetDatabase().PingAsync();
        return redis.GetServers().Any(server => server is { IsConnected: true, ServerType: ServerType.Cluster });
    }
}
