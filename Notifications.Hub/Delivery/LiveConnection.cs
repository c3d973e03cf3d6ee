using System.Net;
using Notifications.Transport;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// A connection to one Redis server on which this instance hears the messages of channels. A thread of its own reads it with blocking calls and passes each
/// message to its channel's handler. So no other thread has to wake up for a message. A lost connection is made again and listens to the same channels.
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
    private readonly RetryDelay _delay = new(least: 0.5);
    private LiveCommands? _commands;
    private bool _hasConfirmed;

    /// <summary>
    /// Begins to connect. The reading thread calls <paramref name="restored"/> when the connection listens to all of its channels that Redis allows. Earlier
    /// messages may have been missed.
    /// </summary>
    public LiveConnection(EndPoint server, RedisConnections connections, string name, Action<LiveConnection> restored, ILogger logger)
    {
        (Server, _connections, _name, _restored, _logger) = (server, connections, name, restored, logger);
        _byName = _channels.GetAlternateLookup<ReadOnlySpan<byte>>();
        // The thread serves everybody, so it does not take over the context of the request that creates it.
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    public EndPoint Server { get; }

    /// <summary>The server's address for logs.</summary>
    private string Address => EndPointCollection.ToString(Server);

    /// <summary>Whether there are channels that Redis refused or took back.</summary>
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

    /// <summary>Listens to the channels from now on.</summary>
    /// <param name="channels">Channels that this connection does not listen to yet.</param>
    /// <param name="areMoved">Whether another connection listened to them before.</param>
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

    /// <summary>Ends the connection. No further handler is called, but one may still run when this returns.</summary>
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
                // The connection was disposed.
            }
            catch (Exception exception)
            {
                var delay = _delay.Next();
                Log.LiveConnectionLost(_logger, Address, delay, exception.Message);
                Log.LiveConnectionFailed(_logger, Address, exception);
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

    /// <returns>How many bytes were handled. The rest is the beginning of an incomplete reply.</returns>
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

    /// <summary>A failure of one gateway's link is no failure of this connection.</summary>
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

    /// <summary>Handles a reply that is at its first element.</summary>
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
            // Null: the channel was removed before the message arrived.
            channel?.Receive(message);
        }
        catch (Exception exception)
        {
            Log.MessageNotHandled(_logger, channel!.ToString(), exception);
        }
    }

    /// <summary>Notes that Redis ended the subscription of a sharded channel, because its slot moved to another server.</summary>
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
                // The connection does its work without a name, and also while it listens to a channel that nobody needs any more.
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

    /// <summary>
    /// Whether the slot is on another server, or on none at the moment. Then the caller of <see cref="LiveFeed.ListenAsync"/> waits until the channel is asked
    /// for at the right server.
    /// </summary>
    private static bool IsPassing(string error) =>
        error.Split(' ', 2)[0] is "MOVED" or "ASK" or "CLUSTERDOWN" or "TRYAGAIN" or "LOADING" or "MASTERDOWN";
}
