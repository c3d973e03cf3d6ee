using System.Buffers.Binary;

namespace Notifications.Transport;

/// <summary>The head of a WebSocket's frame: RFC 6455, 5.2.</summary>
internal static class WebSocketHead
{
    public const int MaxLength = 2 + sizeof(ulong) + MaskLength;
    private const byte Final = 0x80;
    private const byte OpcodeMask = 0x0F;
    private const byte Text = 0x01;
    private const byte Binary = 0x02;
    private const byte Close = 0x08;
    private const byte MaskBit = 0x80;
    private const int MaskLength = sizeof(uint);
    private const byte LengthMask = 0x7F;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    public static bool IsFinal(byte first) => (first & Final) != 0;

    public static bool IsClose(byte first) => (first & OpcodeMask) == Close;

    /// <summary>Whether the frame is a ping, a pong or a close. Such a frame may come between the fragments of a message.</summary>
    public static bool IsControl(byte first) => (first & OpcodeMask) >= Close;

    /// <summary>The length of the head in bytes, from its second byte.</summary>
    public static int Length(byte second)
    {
        var length = (second & LengthMask) switch { Length16 => 2 + sizeof(ushort), Length64 => 2 + sizeof(ulong), _ => 2 };
        return (second & MaskBit) == 0 ? length : length + MaskLength;
    }

    /// <summary>The length of the payload after the head, in bytes.</summary>
    /// <param name="head">The whole head.</param>
    public static ulong PayloadLength(ReadOnlySpan<byte> head) => (head[1] & LengthMask) switch
    {
        Length16 => BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
        Length64 => BinaryPrimitives.ReadUInt64BigEndian(head[2..]),
        var length => (ulong)length,
    };

    /// <summary>Writes the head of a whole message without a mask, as a server sends it.</summary>
    /// <returns>The length of the head in bytes.</returns>
    public static int Write(Span<byte> head, bool isText, int payloadLength)
    {
        head[0] = (byte)(Final | (isText ? Text : Binary));
        switch (payloadLength)
        {
            case < Length16:
                head[1] = (byte)payloadLength;
                break;
            case <= ushort.MaxValue:
                head[1] = Length16;
                BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)payloadLength);
                break;
            default:
                head[1] = Length64;
                BinaryPrimitives.WriteUInt64BigEndian(head[2..], (ulong)payloadLength);
                break;
        }

        return Length(head[1]);
    }
}
