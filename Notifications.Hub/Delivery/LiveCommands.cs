using System.Buffers;
using System.Collections.Concurrent;

namespace Notifications.Hubs.Delivery;

internal enum LiveCommand
{
    Authenticate,
    SetName,
    Subscribe,
    Unsubscribe,

    /// <summary>Answered after everything that was asked for before it.</summary>
    Ping,
}

/// <summary>
/// What is asked of Redis over one connection. It is written in the order in which it is asked for, what queued up meanwhile in one go, and
/// answered in that order too.
/// </summary>
/// <param name="stream">Written to by one thread at a time, and closed where that fails.</param>
internal sealed class LiveCommands(Stream stream)
{
    private const int ChannelsInCommand = 256;

    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<Sent> _sent = new();
    private List<(LiveCommand Command, LiveChannel? Channel)> _asked = [];
    private bool _isWriting;

    /// <summary>The first that is written, by the calling thread. Needs no permission in Redis beyond the user's own.</summary>
    /// <param name="user">Null or empty: the default one.</param>
    /// <param name="password">Null or empty: none is wanted.</param>
    /// <param name="name">What Redis lists the connection as.</param>
    public void Greet(string? user, string? password, string name)
    {
        var buffer = new ArrayBufferWriter<byte>();
        if (buffer.TryWriteLogIn(user, password))
        {
            _sent.Enqueue(new Sent(LiveCommand.Authenticate, []));
        }

        buffer.WriteClientName(name);
        _sent.Enqueue(new Sent(LiveCommand.SetName, []));
        stream.Write(buffer.WrittenSpan);
    }

    public void Subscribe(IEnumerable<LiveChannel> channels) => Ask(channels.Select(channel => (LiveCommand.Subscribe, (LiveChannel?)channel)));

    public void Unsubscribe(IEnumerable<LiveChannel> channels) => Ask(channels.Select(channel => (LiveCommand.Unsubscribe, (LiveChannel?)channel)));

    public void Ping() => Ask([(LiveCommand.Ping, null)]);

    /// <summary>To be called with each confirmation of a channel that arrives.</summary>
    /// <returns>The channel that it was asked for; null: Redis said it unasked.</returns>
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

    /// <summary>To be called with each other answer.</summary>
    /// <returns>What it answers, and which channels of it had not been confirmed.</returns>
    /// <exception cref="InvalidDataException">Nothing was asked.</exception>
    public (LiveCommand Command, LiveChannel[] Channels) Answer() => _sent.TryDequeue(out var sent)
        ? (sent.Command, sent.Channels[sent.Confirmed..])
        : throw new InvalidDataException("Redis answered what it had not been asked.");

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
                    // Before the bytes: the answer may come at once.
                    _sent.Enqueue(sent);
                    Write(sent, buffer);
                }

                stream.Write(buffer.WrittenSpan);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever reads it sees that it has ended, and says so. Nothing is written to this one any more.
            stream.Dispose();
        }
    }

    /// <returns>What is to be written now; if it is nothing, the next to ask begins anew.</returns>
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

    /// <summary>As few commands as lead to the same. Those of a sharded channel take channels of one slot only.</summary>
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

        /// <summary>So many of the channels, from the first.</summary>
        public int Confirmed { get; set; }
    }
}
