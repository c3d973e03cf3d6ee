using System.Buffers.Binary;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>A WebSocket frame from client to server (RFC 6455, 5.2): masked, whole.</summary>
internal static class ClientFrame
{
    public const int MaxOverhead = 8;

    private const byte Final = 0x80;
    private const byte Masked = 0x80;
    private const byte Length16 = 126;
    private const int MaskLength = 4;

    // A browser's differ each time, so that no proxy on the way can be made to see what it should not. This driver's payloads are its own.
    private static ReadOnlySpan<byte> Mask => [0x5a, 0xc3, 0x17, 0x9e];

    /// <returns>The frame's length.</returns>
    /// <exception cref="ArgumentException">The payload has more than 65,535 bytes.</exception>
    public static int Write(Span<byte> frame, WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ushort.MaxValue)
        {
            throw new ArgumentException($"The payload has {payload.Length} bytes, and the driver's frames take {ushort.MaxValue}.", nameof(payload));
        }

        frame[0] = (byte)(Final | (byte)opcode);
        var head = 2;
        if (payload.Length < Length16)
        {
            frame[1] = (byte)(Masked | payload.Length);
        }
        else
        {
            frame[1] = Masked | Length16;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
            head = 4;
        }

        Mask.CopyTo(frame[head..]);
        var body = frame[(head + MaskLength)..];
        for (var i = 0; i < payload.Length; i++)
        {
            body[i] = (byte)(payload[i] ^ Mask[i % MaskLength]);
        }

        return head + MaskLength + payload.Length;
    }
}
