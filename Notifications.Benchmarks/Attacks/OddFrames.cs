using System.Buffers.Binary;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A message in WebSocket frames (RFC 6455, 5.2) as no client has them: boundaries anywhere, wrong opcodes, bits and lengths.</summary>
internal static class OddFrames
{
    public const byte Continuation = 0x00;
    public const byte Text = 0x01;
    public const byte Binary = 0x02;
    public const byte Final = 0x80;
    private const byte CloseFrame = Final | 0x08;
    private const byte Ping = Final | 0x09;
    private const byte Pong = Final | 0x0A;
    private const byte MaskBit = 0x80;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    private delegate byte[] Framing(byte opcode, byte[] message);

    private static readonly Framing[] Framings =
    [
        // As it should be, but in pieces.
        (opcode, message) => [.. message.SelectMany((each, i) => Of((byte)((i == 0 ? opcode : Continuation) | (i == message.Length - 1 ? Final : 0)), [each]))],
        (opcode, message) => [.. Of(opcode, message[..(message.Length / 2)]), .. Of(Ping, "between"u8.ToArray()), .. Of(Final, message[(message.Length / 2)..])],
        (opcode, message) => [.. Of(opcode, []), .. Enumerable.Repeat(Of(Continuation, []), 50).SelectMany(each => each), .. Of(Final, message)],
        (opcode, message) => [.. Of((byte)(Final | opcode), []), .. Of((byte)(Final | opcode), message)],
        (opcode, message) => [.. Of((byte)(Final | opcode), [.. message, .. message[..(message.Length / 2)]]), .. Of((byte)(Final | opcode), message[(message.Length / 2)..])],
        (opcode, message) => [.. Enumerable.Repeat(Of(Pong, []), 50).SelectMany(each => each), .. Of((byte)(Final | opcode), message)],

        // Wrong order.
        (_, message) => Of(Final, message),
        (_, message) => Of(Continuation, message),
        (opcode, message) => [.. Of(opcode, message), .. Of((byte)(Final | opcode), message)],
        (opcode, message) => [.. Of(opcode, message[..1]), .. Of(CloseFrame, [0x03, 0xE8])],

        // Wrong heads.
        .. Enumerable.Range(0, 16).Where(opcode => opcode is not (0 or 8)).Select<int, Framing>(other => (_, message) => Of((byte)(Final | other), message)),
        (opcode, message) => Of((byte)(Final | 0x40 | opcode), message),
        (opcode, message) => Of((byte)(Final | 0x70 | opcode), message),
        (opcode, message) => Of((byte)(Final | opcode), message, isMasked: false),
        (_, _) => Of(Ping & 0x7F, [1]),
        (_, _) => Of(Ping, new byte[126]),
        (_, _) => Of(CloseFrame, new byte[200]),

        // Wrong lengths.
        (opcode, message) => Of((byte)(Final | opcode), message, length: (ulong)message.Length + 7),
        (opcode, message) => Of((byte)(Final | opcode), message, length: (ulong)Math.Max(0, message.Length - 3)),
        (opcode, message) => Of((byte)(Final | opcode), message, length: ulong.MaxValue),
        (opcode, message) => Of((byte)(Final | opcode), message, length: long.MaxValue),
        (opcode, message) => Of((byte)(Final | opcode), message, length: int.MaxValue),
        (opcode, _) => [(byte)(Final | opcode)],
        (opcode, _) => [(byte)(Final | opcode), MaskBit | Length64, 0, 0],

        // Closes, and what comes after one.
        (_, _) => Of(CloseFrame, []),
        (_, _) => Of(CloseFrame, [0x03]),
        (_, _) => Of(CloseFrame, [0x00, 0x00]),
        (_, _) => Of(CloseFrame, [0x03, 0xED]),
        (_, _) => Of(CloseFrame, [0x03, 0xE8, 0xFF, 0xFE]),
        (opcode, message) => [.. Of(CloseFrame, [0x03, 0xE8]), .. Of((byte)(Final | opcode), message), .. Of(CloseFrame, [0x03, 0xE8])],
    ];

    public static int Count => Framings.Length;

    /// <summary>The message in one of the <see cref="Count"/> ways.</summary>
    public static byte[] In(int number, string protocol, byte[] message) => Framings[number](OpcodeOf(protocol), message);

    public static byte OpcodeOf(string protocol) => protocol == "json" ? Text : Binary;

    /// <summary>One frame, masked by zeros, which leave the payload as it is.</summary>
    public static byte[] Of(byte first, byte[] payload, bool isMasked = true, ulong? length = null)
    {
        var says = length ?? (ulong)payload.Length;
        var extended = new byte[says < Length16 ? 0 : says <= ushort.MaxValue ? sizeof(ushort) : sizeof(ulong)];
        if (extended.Length == sizeof(ushort))
        {
            BinaryPrimitives.WriteUInt16BigEndian(extended, (ushort)says);
        }
        else if (extended.Length == sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64BigEndian(extended, says);
        }

        var second = extended.Length switch { 0 => (byte)says, sizeof(ushort) => Length16, _ => Length64 };
        return [first, (byte)(second | (isMasked ? MaskBit : 0)), .. extended, .. new byte[isMasked ? sizeof(uint) : 0], .. payload];
    }
}
