using System.Buffers.Text;
using System.Text;

namespace Notifications.Messaging;

/// <summary>A message of a stream's channel: <c>offset epoch entry</c>, separated by one space each.</summary>
public readonly record struct LiveMessage(long Offset, string Epoch, ReadOnlyMemory<byte> Entry)
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

        var start = read + 1;
        var length = span[start..].IndexOf(Separator);
        if (length <= 0)
        {
            return false;
        }

        live = new LiveMessage(offset, Encoding.ASCII.GetString(span.Slice(start, length)), message[(start + length + 1)..]);
        return true;
    }
}
