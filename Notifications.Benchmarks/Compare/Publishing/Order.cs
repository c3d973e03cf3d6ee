using System.Buffers.Binary;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>
/// What the driver asks a publisher process for, in 16 bytes over its standard input: the publishers of all compared systems
/// (<see cref="PublisherProgram"/>, <c>peers/orders.js</c>) read the same.
/// </summary>
/// <param name="Number">1, 2, 3 … in the order of the orders.</param>
/// <param name="Recipient">A user's number, or <see cref="Topic"/>.</param>
/// <param name="Intended">When it was meant to be sent, by <see cref="Wire.Clock"/>.</param>
internal readonly record struct Order(int Number, int Recipient, long Intended)
{
    public const int Size = 16;
    public const int Topic = -1;

    /// <summary>The number of an order that asks to be told when everything before is published.</summary>
    public const int Settle = 0;

    /// <summary>The topic's name, and the users' before their number.</summary>
    public const string TopicName = "load";
    public const string UserPrefix = "u";

    public void WriteTo(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Recipient);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Intended);
        stream.Write(bytes);
    }

    public static Order Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt32LittleEndian(bytes),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
}
