using System.Buffers.Binary;

namespace Notifications.Benchmarks.Compare.Wire;

internal enum WebSocketOpcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>A WebSocket frame from server to client (RFC 6455, 5.2): not masked.</summary>
internal readonly ref struct ServerFrame
{
    private const byte Final = 0x80;
    private const byte Masked = 0x80;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    private ServerFrame(byte first, ReadOnlySpan<byte> payload, int length)
    {
        IsFinal = (first & Final) != 0;
        Opcode = (WebSocketOpcode)(first & 0x0f);
        Payload = payload;
        Length = length;
    }

    public bool IsFinal { get; }

    public WebSocketOpcode Opcode { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Of the whole frame.</summary>
    public int Length { get; }

    /// <returns>False if the bytes do not hold all of a frame yet.</returns>
    /// <exception cref="InvalidDataException">A server's frame must not be masked.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ServerFrame frame)
    {
        frame = default;
        if (bytes.Length < 2)
        {
            return false;
        }

        if ((bytes[1] & Masked) != 0)
        {
            throw new InvalidDataException("The server sent a masked frame, which RFC 6455 forbids it.");
        }

        var head = bytes[1] switch { Length16 => 4, Length64 => 10, _ => 2 };
        if (bytes.Length < head)
        {
            return false;
        }

        var length = bytes[1] switch
        {
            Length16 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            Length64 => BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            var small => small,
        };
        if (bytes.Length - head < length)
        {
            return false;
        }

        frame = new ServerFrame(bytes[0], bytes.Slice(head, (int)length), head + (int)length);
        return true;
    }
}
