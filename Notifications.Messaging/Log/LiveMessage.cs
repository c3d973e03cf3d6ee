using System.Buffers.Text;
using System.Text;

namespace Notifications.Messaging.Log;

/// <summary>A message on a stream's channel: <c>offset epoch previous entry</c>, with one space between the parts.</summary>
/// <param name="Offset">The entry's offset.</param>
/// <param name="Epoch">The log's epoch.</param>
/// <param name="Previous">The token of the entry before this one in the log; empty: there was none.</param>
/// <param name="Entry">A <see cref="LogEntry"/>.</param>
internal readonly record struct LiveMessage(long Offset, string Epoch, string Previous, ReadOnlyMemory<byte> Entry)
{
    private const byte Separator = (byte)' ';

    /// <returns>False if the message has another form.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> message, out LiveMessage live)
    {
        live = default;
        var span = message.Span;
        if (!Utf8Parser.TryParse(span, out long offset, out var read) || read == span.Length || span[read] != Separator)
        {
            return false;
        }

        var epoch = read + 1;
        var epochLength = span[epoch..].IndexOf(Separator);
        if (epochLength <= 0)
        {
            return false;
        }

        var previous = epoch + epochLength + 1;
        var previousLength = span[previous..].IndexOf(Separator);
        if (previousLength < 0)
        {
            return false;
        }

        live = new LiveMessage(
            offset,
            Encoding.ASCII.GetString(span.Slice(epoch, epochLength)),
            Encoding.ASCII.GetString(span.Slice(previous, previousLength)),
            message[(previous + previousLength + 1)..]);
        return true;
    }
}
