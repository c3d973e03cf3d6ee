using Notifications.Transport;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Follows the frames of a WebSocket (RFC 6455, 5.2). The WebSocket can be ended between any two frames, also inside a fragmented
/// message, because a close frame may come there.
/// </summary>
internal sealed class WebSocketFrames : IMessageBoundaries
{
    /// <summary>A close frame: final, opcode close, and two bytes of payload with the status 1001 (going away).</summary>
    public static readonly byte[] Close = [0x88, 0x02, 0x03, 0xE9];

    private readonly byte[] _header = new byte[WebSocketHead.MaxLength];
    private int _headerLength;
    private ulong _payloadLeft;
    private bool _isClosed;

    /// <summary>False from the hub's own close frame on: a second close frame must not follow.</summary>
    public bool IsBetweenMessages => _headerLength == 0 && _payloadLeft == 0 && !_isClosed;

    public ReadOnlyMemory<byte> Goodbye => Close;

    public int Follow(ReadOnlySpan<byte> bytes, bool untilBoundary)
    {
        var at = 0;
        while (at < bytes.Length && !(untilBoundary && IsBetweenMessages))
        {
            if (_payloadLeft > 0)
            {
                var count = (int)Math.Min(_payloadLeft, (ulong)(bytes.Length - at));
                _payloadLeft -= (ulong)count;
                at += count;
                continue;
            }

            _header[_headerLength++] = bytes[at++];
            if (_headerLength >= 2 && _headerLength == WebSocketHead.Length(_header[1]))
            {
                _payloadLeft = WebSocketHead.PayloadLength(_header);
                _isClosed |= WebSocketHead.IsClose(_header[0]);
                _headerLength = 0;
            }
        }

        return at;
    }
}
