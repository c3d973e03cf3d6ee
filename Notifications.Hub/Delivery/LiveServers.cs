using System.Net;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Listens to each channel at the server that takes what is published there: the primary; in a Redis Cluster the primary that has the channel's
/// slot. Which one that is, the connection for commands knows. Nobody listens at a replica: it hears too, but the publishers' server does
/// not count who listens there.
/// </summary>
/// <param name="commands">The connection for commands.</param>
/// <param name="connections">How servers are connected to.</param>
/// <param name="name">What Redis lists the connections as.</param>
/// <param name="restored">See <see cref="LiveConnection"/>.</param>
/// <param name="logger">The log.</param>
internal sealed class LiveServers(
    IConnectionMultiplexer commands, RedisConnections connections, string name, Action<LiveConnection> restored, ILogger logger) : IDisposable
{
    private const int NoSlot = -1;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Slot> _slots = [];
    private readonly Dictionary<EndPoint, LiveConnection> _connections = [];
    private bool _isDisposed;

    /// <summary>Listens to the channel until it is removed, over whatever connection that takes.</summary>
    /// <remarks>A SUBSCRIBE and an UNSUBSCRIBE go out in the order of these calls, and none waits for the last one's answer.</remarks>
    /// <exception cref="RedisConnectionException">This instance is stopping.</exception>
    public LiveChannel Add(RedisChannel channel, MessageHandler receive)
    {
        var added = new LiveChannel(channel, SlotOf(channel), receive);
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new RedisConnectionException(ConnectionFailureType.ConnectionDisposed, CommandFlags.None, "This instance listens to nothing any more: it is stopping.");
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

    /// <summary>The connection over which the channel is listened to; null while no server takes what is published there.</summary>
    public LiveConnection? ConnectionOf(RedisChannel channel)
    {
        lock (_lock)
        {
            return _slots.GetValueOrDefault(SlotOf(channel))?.Connection;
        }
    }

    /// <summary>Moves channels to where their slot is now, and asks again for those that a server refused. To be called at a steady pace; waits for Redis.</summary>
    public async Task FollowAsync()
    {
        if (IsInDoubt())
        {
            // Asks each node how it sees the cluster, for which the connection for commands has no reason while it gets along.
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

    /// <summary>Ends a connection and makes another in its place, to whichever server it should lead to now.</summary>
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

    /// <summary>Without a cluster the same for all.</summary>
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

    /// <summary>A slot of the cluster is not where it was, or is said not to be.</summary>
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

    /// <summary>Where two claim to be primary, listening stays where it is until probes tell that publishers are elsewhere.</summary>
    private bool IsWellPlaced(Slot slot) =>
        slot.Connection is { } connection && commands.GetServers().Any(server => server.EndPoint.Equals(connection.Server) && Takes(server, slot));

    /// <summary>A server that says itself that it has the slot: without one that has it the connection for commands names any.</summary>
    private EndPoint? Find(Slot slot) => Preferred(slot) is { } server && Takes(server, slot) ? server.EndPoint : null;

    /// <summary>Where commands for the slot go; null: nowhere.</summary>
    private IServer? Preferred(Slot slot)
    {
        try
        {
            return commands.GetServers().Any(server => server.IsConnected) ? commands.GetServer(slot.Key, flags: CommandFlags.DemandMaster) : null;
        }
        catch (InvalidOperationException)
        {
            // Only replicas are there.
            return null;
        }
    }

    private static bool Takes(IServer server, Slot slot) =>
        server is { IsConnected: true, IsReplica: false } && (slot.Number == NoSlot || server.ClusterConfiguration?.GetBySlot(slot.Number) is { IsMyself: true });

    /// <summary>The channels of a slot are listened to together.</summary>
    /// <param name="number">Of the slot.</param>
    /// <param name="name">Of one of its channels.</param>
    private sealed class Slot(int number, byte[] name)
    {
        public int Number => number;

        /// <summary>A key that lies in it, whether there is one in Redis or not.</summary>
        public RedisKey Key => name;

        public HashSet<LiveChannel> Channels { get; } = [];

        public LiveConnection? Connection { get; set; }
    }
}
