using System.Buffers.Binary;

namespace Notifications.Transport;

/// <summary>The head of a WebSocket's frame: RFC 6455, 5.2.</summary>
internal static class WebSocketHead
{
    public const byte MaskBit = 0x80;
    public const int MaskLength = sizeof(uint);
    public const int MaxLength = 2 + sizeof(ulong) + MaskLength;
    private const byte LengthMask = 0x7F;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

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
}
