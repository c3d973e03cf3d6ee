using System.Net;
using Notifications.Transport;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The connection to one Redis server over which this instance hears what is published there. One thread of its own reads it, blocking, and
/// hands each message to its channel's handler: on the way from the socket to there no other thread has to wake. Lost, it is
/// made again, and listens to the same channels.
/// </summary>
internal sealed class LiveConnection : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly RedisConnections _connections;
    private readonly string _name;
    private readonly Action<LiveConnection> _restored;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], LiveChannel> _channels = new(new ChannelNameComparer());
    private readonly Dictionary<byte[], LiveChannel>.AlternateLookup<ReadOnlySpan<byte>> _byName;
    private readonly HashSet<LiveChannel> _unheard = [];
    private readonly ReconnectDelay _delay = new();
    private LiveCommands? _commands;
    private bool _hasConfirmed;

    /// <param name="server">The server.</param>
    /// <param name="connections">How it is connected to.</param>
    /// <param name="name">What Redis lists the connection as.</param>
    /// <param name="restored">Called on the reading thread when it listens, to all of its channels that Redis lets it: what was published before may not have been heard.</param>
    /// <param name="logger">Its log.</param>
    public LiveConnection(EndPoint server, RedisConnections connections, string name, Action<LiveConnection> restored, ILogger logger)
    {
        (Server, _connections, _name, _restored, _logger) = (server, connections, name, restored, logger);
        _byName = _channels.GetAlternateLookup<ReadOnlySpan<byte>>();
        // It serves everybody, not only whose request happens to be the first.
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    public EndPoint Server { get; }

    /// <summary>For logs.</summary>
    private string Address => EndPointCollection.ToString(Server);

    /// <summary>Redis refused channels, or took them back.</summary>
    public bool HasUnheard
    {
        get
        {
            lock (_lock)
            {
                return _unheard.Count > 0;
            }
        }
    }

    /// <summary>Listens to these from now on.</summary>
    /// <param name="channels">Not listened to over this connection.</param>
    /// <param name="areMoved">They were listened to elsewhere.</param>
    public void Add(IReadOnlyCollection<LiveChannel> channels, bool areMoved = false)
    {
        lock (_lock)
        {
            foreach (var channel in channels)
            {
                _channels[channel.Name] = channel;
            }

            _commands?.Subscribe(channels);
            if (areMoved)
            {
                _commands?.Ping();
            }
        }
    }

    public void Remove(IEnumerable<LiveChannel> channels)
    {
        lock (_lock)
        {
            List<LiveChannel> removed = [.. channels.Where(channel => _channels.GetValueOrDefault(channel.Name) == channel)];
            foreach (var channel in removed)
            {
                _channels.Remove(channel.Name);
                _unheard.Remove(channel);
            }

            _commands?.Unsubscribe(removed);
        }
    }

    /// <summary>Asks again for the channels that Redis refused or took back.</summary>
    public void AskAgain()
    {
        lock (_lock)
        {
            if (_commands is null || _unheard.Count == 0)
            {
                return;
            }

            _commands.Subscribe(_unheard.OrderBy(channel => channel.Slot));
            _commands.Ping();
            _unheard.Clear();
        }
    }

    /// <summary>Ends it. A handler that is under way may still be when this returns; none begins.</summary>
    public void Dispose() => _ending.Cancel();

    private void Run()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                ListenUntilLost();
            }
            catch (Exception) when (_ending.IsCancellationRequested)
            {
                // It was to end.
            }
            catch (Exception exception)
            {
                var delay = _delay.Next();
                Log.LiveConnectionLost(_logger, Address, delay, exception.Message);
                Log.RedisFailed(_logger, $"The live connection to {Address} is lost or can't be made.", exception);
                _ending.Token.WaitHandle.WaitOne(delay);
            }
        }
    }

    private void ListenUntilLost()
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        closing.CancelAfter(_connections.ConnectTimeout);
        using var stream = _connections.Open(Server, closing.Token);
        closing.CancelAfter(Timeout.InfiniteTimeSpan);
        var commands = new LiveCommands(stream);
        commands.Greet(_connections.User, _connections.Password, _name);
        lock (_lock)
        {
            _unheard.Clear();
            commands.Subscribe(_channels.Values.OrderBy(channel => channel.Slot));
            commands.Ping();
            _commands = commands;
        }

        try
        {
            Read(stream, commands);
        }
        finally
        {
            lock (_lock)
            {
                _commands = null;
            }
        }
    }

    private void Read(Stream stream, LiveCommands commands)
    {
        var buffer = new byte[BufferSize];
        var filled = 0;
        while (stream.Read(buffer.AsSpan(filled)) is > 0 and var count)
        {
            filled += count;
            var handled = HandleAll(buffer.AsSpan(0, filled), commands);
            buffer.AsSpan(handled, filled - handled).CopyTo(buffer);
            filled -= handled;
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }
            else if (filled == 0 && buffer.Length > BufferSize)
            {
                buffer = new byte[BufferSize];
            }
        }

        throw new EndOfStreamException("Redis has closed the connection.");
    }

    /// <returns>How many bytes that was; the rest is the beginning of something.</returns>
    private int HandleAll(ReadOnlySpan<byte> received, LiveCommands commands)
    {
        var handled = 0;
        WriteBatch.Begin();
        try
        {
            while (!_ending.IsCancellationRequested && RespReader.Length(received[handled..]) is > 0 and var length)
            {
                Handle(new RespReader(received.Slice(handled, length)), commands);
                handled += length;
            }
        }
        finally
        {
            EndBatch();
        }

        return handled;
    }

    private void EndBatch()
    {
        try
        {
            WriteBatch.End();
        }
        catch (Exception exception)
        {
            Log.MessageNotHandled(_logger, Address, exception);
        }
    }

    private void Handle(RespReader reply, LiveCommands commands)
    {
        reply.TryRead();
        switch (reply.Type)
        {
            case RespType.Error:
                Refuse(commands.Answer(), reply.ReadText());
                break;
            case RespType.Array when reply.Count > 1:
                reply.TryRead();
                HandlePush(reply, commands);
                break;
            default:
                Answer(commands);
                break;
        }
    }

    /// <param name="reply">At its first element.</param>
    /// <param name="commands">What was asked.</param>
    private void HandlePush(RespReader reply, LiveCommands commands)
    {
        var kind = reply.Value;
        reply.TryRead();
        var name = reply.Value;
        if (kind.SequenceEqual("message"u8) || kind.SequenceEqual("smessage"u8))
        {
            reply.TryRead();
            Receive(name, reply.Value);
        }
        else if (kind.SequenceEqual("subscribe"u8) || kind.SequenceEqual("ssubscribe"u8))
        {
            var channel = commands.Confirm(LiveCommand.Subscribe, name) ?? throw new InvalidDataException("Redis confirmed a subscription that it was not asked for.");
            channel.Confirm();
            _hasConfirmed = true;
        }
        else if (kind.SequenceEqual("unsubscribe"u8) || kind.SequenceEqual("sunsubscribe"u8))
        {
            if (commands.Confirm(LiveCommand.Unsubscribe, name) is null)
            {
                TakeBack(name);
            }
        }
        else if (kind.SequenceEqual("pong"u8))
        {
            Answer(commands);
        }
        else
        {
            throw new InvalidDataException("Redis sent something that is neither a message nor an answer.");
        }
    }

    private void Receive(ReadOnlySpan<byte> name, ReadOnlySpan<byte> message)
    {
        LiveChannel? channel;
        lock (_lock)
        {
            _byName.TryGetValue(name, out channel);
        }

        try
        {
            // None: it was left meanwhile.
            channel?.Receive(message);
        }
        catch (Exception exception)
        {
            Log.MessageNotHandled(_logger, channel!.ToString(), exception);
        }
    }

    /// <summary>The slot of a sharded channel is another server's from now on.</summary>
    private void TakeBack(ReadOnlySpan<byte> name)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(name, out var channel))
            {
                _unheard.Add(channel);
            }
        }
    }

    private void Answer(LiveCommands commands)
    {
        if (commands.Answer().Command == LiveCommand.Ping)
        {
            _delay.Reset();
            if (_hasConfirmed)
            {
                _hasConfirmed = false;
                _restored(this);
            }
        }
    }

    private void Refuse((LiveCommand Command, LiveChannel[] Channels) refused, string error)
    {
        switch (refused.Command)
        {
            case LiveCommand.Authenticate:
                throw new RedisConnectionException(
                    ConnectionFailureType.AuthenticationFailure, CommandFlags.None, $"Redis does not take the user and password of the connection string: {error}");
            case LiveCommand.Subscribe:
                Log.NotListened(_logger, refused.Channels.Length, Address, error);
                Refuse(refused.Channels, error);
                break;
            default:
                // Without its name, and listening to a channel that nobody wants any more, it does what it is there for.
                Log.LiveCommandRefused(_logger, refused.Command, Address, error);
                break;
        }
    }

    private void Refuse(LiveChannel[] channels, string error)
    {
        lock (_lock)
        {
            _unheard.UnionWith(channels.Where(channel => _channels.GetValueOrDefault(channel.Name) == channel));
        }

        if (!IsPassing(error))
        {
            foreach (var channel in channels)
            {
                channel.Refuse(new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, error));
            }
        }
    }

    /// <summary>The slot is another server's, or for the moment nobody's; who asked waits until it is asked for where it is then.</summary>
    private static bool IsPassing(string error) =>
        error.Split(' ', 2)[0] is "MOVED" or "ASK" or "CLUSTERDOWN" or "TRYAGAIN" or "LOADING" or "MASTERDOWN";
}
