using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Notifications.Hubs.Delivery;

internal enum LiveCommand
{
    Authenticate,
    SetName,
    Subscribe,
    Unsubscribe,

    /// <summary>Redis answers it after all commands before it.</summary>
    Ping,
}

/// <summary>
/// The commands that one connection sends to Redis, and their answers. Commands are written in the order of the calls. Commands that are added during a write
/// go out together in the next one. Redis answers in the same order.
/// </summary>
/// <param name="stream">One thread at a time writes to it. It is closed when a write fails.</param>
internal sealed class LiveCommands(Stream stream)
{
    private const int ChannelsInCommand = 256;

    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<Sent> _sent = new();
    private List<(LiveCommand Command, LiveChannel? Channel)> _asked = [];
    private bool _isWriting;

    /// <summary>Writes the first commands, on the calling thread. Needs no permission in Redis beyond the user's own.</summary>
    /// <param name="user">Null or empty: the default user.</param>
    /// <param name="password">Null or empty: Redis needs none.</param>
    /// <param name="name">The name under which Redis lists the connection. It does its work without a name too.</param>
    public void Greet(string? user, string? password, string name)
    {
        var buffer = new ArrayBufferWriter<byte>();
        if (!string.IsNullOrEmpty(password))
        {
            // HELLO would log in too, but not every server has it.
            var secret = Encoding.UTF8.GetBytes(password);
            buffer.WriteCommand("AUTH", string.IsNullOrEmpty(user) ? [secret] : [Encoding.UTF8.GetBytes(user), secret]);
            _sent.Enqueue(new Sent(LiveCommand.Authenticate, []));
        }

        buffer.WriteCommand("CLIENT", "SETNAME"u8.ToArray(), Encoding.UTF8.GetBytes(name));
        _sent.Enqueue(new Sent(LiveCommand.SetName, []));
        stream.Write(buffer.WrittenSpan);
    }

    public void Subscribe(IEnumerable<LiveChannel> channels) => Ask(channels.Select(channel => (LiveCommand.Subscribe, (LiveChannel?)channel)));

    public void Unsubscribe(IEnumerable<LiveChannel> channels) => Ask(channels.Select(channel => (LiveCommand.Unsubscribe, (LiveChannel?)channel)));

    public void Ping() => Ask([(LiveCommand.Ping, null)]);

    /// <summary>Call it for each confirmation of a channel that arrives.</summary>
    /// <returns>The confirmed channel; null: no command asked for this.</returns>
    public LiveChannel? Confirm(LiveCommand command, ReadOnlySpan<byte> name)
    {
        if (!_sent.TryPeek(out var sent) || sent.Command != command || !name.SequenceEqual(sent.Channels[sent.Confirmed].Name))
        {
            return null;
        }

        var channel = sent.Channels[sent.Confirmed++];
        if (sent.Confirmed == sent.Channels.Length)
        {
            _sent.TryDequeue(out _);
        }

        return channel;
    }

    /// <summary>Call it for each other answer that arrives.</summary>
    /// <returns>The answered command, and those of its channels that were not confirmed.</returns>
    /// <exception cref="InvalidDataException">No command waits for an answer.</exception>
    public (LiveCommand Command, LiveChannel[] Channels) Answer() => _sent.TryDequeue(out var sent)
        ? (sent.Command, sent.Channels[sent.Confirmed..])
        : throw new InvalidDataException("Redis sent an answer, but no command waits for one.");

    private void Ask(IEnumerable<(LiveCommand, LiveChannel?)> asked)
    {
        lock (_lock)
        {
            _asked.AddRange(asked);
            if (_isWriting || _asked.Count == 0)
            {
                return;
            }

            _isWriting = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(commands => commands.Write(), this, preferLocal: false);
    }

    private void Write()
    {
        try
        {
            while (Take() is { Count: > 0 } asked)
            {
                var buffer = new ArrayBufferWriter<byte>();
                foreach (var sent in Gather(asked))
                {
                    // Added before the bytes are written, because the answer may come at once.
                    _sent.Enqueue(sent);
                    Write(sent, buffer);
                }

                stream.Write(buffer.WrittenSpan);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The thread that reads the stream sees its end and reports it. Nothing more is written to this stream.
            stream.Dispose();
        }
    }

    /// <returns>The commands to write now. Empty: there are none, and the next call of <see cref="Ask"/> begins to write again.</returns>
    private List<(LiveCommand Command, LiveChannel? Channel)> Take()
    {
        lock (_lock)
        {
            var taken = _asked;
            _asked = [];
            _isWriting = taken.Count > 0;
            return taken;
        }
    }

    /// <summary>Joins commands of the same kind, so that fewer are sent. A command for sharded channels takes channels of one slot only.</summary>
    private static IEnumerable<Sent> Gather(List<(LiveCommand Command, LiveChannel? Channel)> asked)
    {
        for (int begin = 0, end; begin < asked.Count; begin = end)
        {
            var (command, first) = asked[begin];
            end = begin + 1;
            while (first is not null && end < asked.Count && end - begin < ChannelsInCommand && asked[end].Command == command && asked[end].Channel!.Slot == first.Slot)
            {
                end++;
            }

            yield return new Sent(command, first is null ? [] : [.. asked[begin..end].Select(each => each.Channel!)]);
        }
    }

    private static void Write(Sent sent, ArrayBufferWriter<byte> buffer) => buffer.WriteCommand(
        sent.Command switch
        {
            LiveCommand.Subscribe => sent.Channels[0].IsSharded ? "SSUBSCRIBE" : "SUBSCRIBE",
            LiveCommand.Unsubscribe => sent.Channels[0].IsSharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE",
            _ => "PING",
        },
        [.. sent.Channels.Select(channel => channel.Name)]);

    private sealed class Sent(LiveCommand command, LiveChannel[] channels)
    {
        public LiveCommand Command => command;

        public LiveChannel[] Channels => channels;

        /// <summary>How many of the channels are confirmed, from the first on.</summary>
        public int Confirmed { get; set; }
    }
}
