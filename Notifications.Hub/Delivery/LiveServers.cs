using System.Net;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Listens to each channel at the server that takes its messages: the primary, and in a Redis Cluster the primary that has the channel's slot. The connection
/// for commands knows this server. Nobody listens at a replica. A replica has the messages too, but the server of the publishers does not count its listeners.
/// </summary>
internal sealed class LiveServers(
    IConnectionMultiplexer commands, RedisConnections connections, string name, Action<LiveConnection> restored, ILogger logger) : IDisposable
{
    private const int NoSlot = -1;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Slot> _slots = [];
    private readonly Dictionary<EndPoint, LiveConnection> _connections = [];
    private bool _isDisposed;

    /// <summary>Listens to the channel until it is removed, on the connection to the server that has its slot.</summary>
    /// <remarks>A SUBSCRIBE and an UNSUBSCRIBE are sent in the order of these calls. No call waits for an answer.</remarks>
    /// <exception cref="RedisConnectionException">This instance is stopping.</exception>
    public LiveChannel Add(RedisChannel channel, Action<ReadOnlySpan<byte>> receive)
    {
        var added = new LiveChannel(channel, SlotOf(channel), receive);
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new RedisConnectionException(ConnectionFailureType.ConnectionDisposed, CommandFlags.None, "This instance is stopping and listens to no new channels.");
            }

            if (!_slots.TryGetValue(added.Slot, out var slot))
            {
                _slots[added.Slot] = slot = new Slot(added.Slot, added.Name);
            }

            slot.Channels.Add(added);
            if (slot.Connection is { } connection)
            {
                connection.Add([added]);
            }
            else if (Find(slot) is { } server)
            {
                Move(slot, server);
            }
        }

        return added;
    }

    public void Remove(LiveChannel channel)
    {
        lock (_lock)
        {
            var slot = _slots[channel.Slot];
            slot.Channels.Remove(channel);
            slot.Connection?.Remove([channel]);
        }
    }

    /// <summary>The connection that listens to the channel; null: no server takes its messages at the moment.</summary>
    public LiveConnection? ConnectionOf(RedisChannel channel)
    {
        lock (_lock)
        {
            return _slots.GetValueOrDefault(SlotOf(channel))?.Connection;
        }
    }

    /// <summary>
    /// Moves channels to the server that has their slot now, and asks again for channels that a server refused. Call it at an interval. It waits for Redis.
    /// </summary>
    public async Task FollowAsync()
    {
        if (IsInDoubt())
        {
            // Asks each node for its view of the cluster. The connection for commands has no reason to ask while its commands work.
            await commands.ConfigureAsync();
        }

        lock (_lock)
        {
            foreach (var slot in _slots.Values)
            {
                if (!IsWellPlaced(slot) && Find(slot) is { } server && !server.Equals(slot.Connection?.Server))
                {
                    Move(slot, server);
                }
            }

            foreach (var unused in _connections.Values.Except(_slots.Values.Select(slot => slot.Connection)).ToArray())
            {
                End(unused!);
            }

            foreach (var connection in _connections.Values)
            {
                connection.AskAgain();
            }
        }
    }

    /// <summary>Ends a connection and makes another in its place, to the server that takes the messages now.</summary>
    public void Replace(LiveConnection connection)
    {
        lock (_lock)
        {
            if (!_connections.ContainsValue(connection))
            {
                return;
            }

            End(connection);
            foreach (var slot in _slots.Values.Where(slot => slot.Connection == connection))
            {
                slot.Connection = null;
                Move(slot, Preferred(slot)?.EndPoint ?? connection.Server);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var connection in _connections.Values)
            {
                connection.Dispose();
            }

            _connections.Clear();
        }
    }

    /// <summary>The channel's slot; without a cluster, the same number for all channels.</summary>
    private int SlotOf(RedisChannel channel) => channel.IsSharded ? commands.HashSlot((byte[])channel!) : NoSlot;

    private void Move(Slot slot, EndPoint server)
    {
        slot.Connection?.Remove(slot.Channels);
        if (!_connections.TryGetValue(server, out var connection))
        {
            _connections[server] = connection = new LiveConnection(server, connections, name, restored, logger);
        }

        slot.Connection = connection;
        connection.Add(slot.Channels, areMoved: true);
    }

    private void End(LiveConnection connection)
    {
        connection.Dispose();
        _connections.Remove(connection.Server);
    }

    /// <summary>Whether a slot of the cluster has moved, or a server says that it has.</summary>
    private bool IsInDoubt()
    {
        lock (_lock)
        {
            var sharded = _slots.Values.Where(slot => slot.Number != NoSlot).ToArray();
            return sharded.Length > 0
                && (_connections.Values.Any(connection => connection.HasUnheard) || !sharded.All(IsWellPlaced))
                && commands.GetServers().Any(server => server.IsConnected);
        }
    }

    /// <summary>
    /// Whether the slot's connection leads to a server that takes its messages. If two servers claim to be primary, the connection stays until probes show that
    /// publishers use the other one.
    /// </summary>
    private bool IsWellPlaced(Slot slot) =>
        slot.Connection is { } connection && commands.GetServers().Any(server => server.EndPoint.Equals(connection.Server) && Takes(server, slot));

    /// <summary>
    /// The server that itself says that it has the slot; null: there is none. If no server has the slot, the connection for commands names any server.
    /// </summary>
    private EndPoint? Find(Slot slot) => Preferred(slot) is { } server && Takes(server, slot) ? server.EndPoint : null;

    /// <summary>The server that gets commands for the slot; null: there is none.</summary>
    private IServer? Preferred(Slot slot)
    {
        try
        {
            return commands.GetServers().Any(server => server.IsConnected) ? commands.GetServer(slot.Key, flags: CommandFlags.DemandMaster) : null;
        }
        catch (InvalidOperationException)
        {
            // Only replicas are connected.
            return null;
        }
    }

    private static bool Takes(IServer server, Slot slot) =>
        server is { IsConnected: true, IsReplica: false } && (slot.Number == NoSlot || server.ClusterConfiguration?.GetBySlot(slot.Number) is { IsMyself: true });

    /// <summary>The channels of a slot. One connection listens to all of them.</summary>
    private sealed class Slot(int number, byte[] name)
    {
        public int Number => number;

        /// <summary>A name in this slot. There need not be a key with this name.</summary>
        public RedisKey Key => name;

        public HashSet<LiveChannel> Channels { get; } = [];

        public LiveConnection? Connection { get; set; }
    }
}
