using Notifications.Links;

namespace Notifications.Hubs.Links;

/// <summary>
/// Follows what a client sends over its WebSocket, in the pieces in which it comes, to find the frames that are a text message each and came whole (RFC 6455, 5.2).
/// </summary>
internal struct ClientFrames
{
    private const byte FinalText = 0x81;

    /// <summary>Of the payload that comes next.</summary>
    private ulong _left;

    /// <summary>The first bytes of a head that comes in two pieces.</summary>
    private byte[]? _cut;

    /// <summary>The next one among these bytes.</summary>
    /// <param name="bytes">One piece.</param>
    /// <param name="at">How far it was followed.</param>
    /// <param name="message">Where the frame is.</param>
    /// <returns>False: there is no more in this piece, which was followed to its end.</returns>
    public bool TryFindMessage(ReadOnlySpan<byte> bytes, ref int at, out ClientFrame message)
    {
        while (at < bytes.Length)
        {
            if (_left > 0)
            {
                var count = (int)Math.Min(_left, (ulong)(bytes.Length - at));
                _left -= (ulong)count;
                at += count;
                continue;
            }

            var start = at;
            var isWhole = _cut is null;
            if (!TryReadHead(bytes, ref at, out var length))
            {
                break;
            }

            if (isWhole && bytes[start] == FinalText && length <= (ulong)(bytes.Length - at) && (bytes[start + 1] & WebSocketHead.MaskBit) != 0)
            {
                message = new ClientFrame(start, at, at + (int)length);
                at = message.End;
                return true;
            }

            _left = length;
        }

        message = default;
        return false;
    }

    /// <summary>Undoes the mask of the frame (RFC 6455, 5.3).</summary>
    /// <param name="bytes">The piece that it is in.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="message">Where its payload is put; as long.</param>
    public static void Unmask(ReadOnlySpan<byte> bytes, ClientFrame frame, Span<byte> message)
    {
        var mask = bytes.Slice(frame.Payload - WebSocketHead.MaskLength, WebSocketHead.MaskLength);
        var payload = bytes[frame.Payload..frame.End];
        for (var i = 0; i < payload.Length; i++)
        {
            message[i] = (byte)(payload[i] ^ mask[i % WebSocketHead.MaskLength]);
        }
    }

    private bool TryReadHead(ReadOnlySpan<byte> bytes, ref int at, out ulong length)
    {
        Span<byte> joined = stackalloc byte[2 * WebSocketHead.MaxLength];
        scoped var head = bytes[at..];
        var known = 0;
        if (_cut is not null)
        {
            known = _cut.Length;
            _cut.CopyTo(joined);
            var more = head[..Math.Min(head.Length, WebSocketHead.MaxLength)];
            more.CopyTo(joined[known..]);
            head = joined[..(known + more.Length)];
        }

        if (head.Length < 2 || head.Length < WebSocketHead.Length(head[1]))
        {
            _cut = head.ToArray();
            at = bytes.Length;
            length = 0;
            return false;
        }

        _cut = null;
        at += WebSocketHead.Length(head[1]) - known;
        length = WebSocketHead.PayloadLength(head);
        return true;
    }
}

/// <summary>Where a frame is within some bytes.</summary>
/// <param name="Start">Its head.</param>
/// <param name="Payload">Its payload, as the mask before it left it.</param>
/// <param name="End">Behind it.</param>
internal readonly record struct ClientFrame(int Start, int Payload, int End);
