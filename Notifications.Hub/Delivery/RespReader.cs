using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Notifications.Hubs.Delivery;

/// <summary>The type of a value, which is its first byte.</summary>
internal enum RespType : byte
{
    SimpleString = (byte)'+',
    Error = (byte)'-',
    Integer = (byte)':',
    BulkString = (byte)'$',
    Array = (byte)'*',
}

/// <summary>
/// Reads the replies of a Redis server value by value, in version 2 of its protocol
/// (https://redis.io/docs/latest/develop/reference/protocol-spec/). Allocates nothing.
/// </summary>
internal ref struct RespReader(ReadOnlySpan<byte> data)
{
    /// <summary>The longest line, in bytes. Longer text is a bulk string. The limit keeps a peer that is not Redis from filling the memory.</summary>
    private const int MaxLine = 64 * 1024;

    private readonly ReadOnlySpan<byte> _data = data;
    private int _position;

    public RespType Type { get; private set; }

    /// <summary>The text of a string or an error, the digits of an integer; empty for an array.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>How many values of an array follow; 0 for other types.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a bulk string or an array is null. Null is not the same as empty.</summary>
    public bool IsNull { get; private set; }

    /// <summary>How many bytes the first reply has, with all its values; 0: it is not complete.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a reply.</exception>
    public static int Length(ReadOnlySpan<byte> data)
    {
        var reader = new RespReader(data);
        for (var missing = 1L; missing > 0; missing += reader.Count - 1)
        {
            if (!reader.TryRead())
            {
                return 0;
            }
        }

        return reader._position;
    }

    /// <returns>False: the next value is not complete.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a value.</exception>
    public bool TryRead()
    {
        var rest = _data[_position..];
        var lineEnd = rest.IndexOf("\r\n"u8);
        if (lineEnd < 0)
        {
            return rest.Length <= MaxLine ? false : throw new InvalidDataException($"Redis sent a line of more than {MaxLine} bytes.");
        }

        if (lineEnd == 0)
        {
            throw new InvalidDataException("Redis sent an empty line, which is no value of its protocol.");
        }

        var line = rest[1..lineEnd];
        var next = _position + lineEnd + 2;
        (Type, Count, IsNull) = ((RespType)rest[0], 0, false);
        Value = line;
        switch (Type)
        {
            case RespType.SimpleString or RespType.Error or RespType.Integer:
                break;
            case RespType.Array:
                Count = ReadLength(line);
                Value = default;
                break;
            case RespType.BulkString when ReadLength(line) is var length && !IsNull:
                if (_data.Length - next - 2L < length)
                {
                    return false;
                }

                Value = _data.Slice(next, length);
                next += length;
                if (!_data.Slice(next, 2).SequenceEqual("\r\n"u8))
                {
                    throw new InvalidDataException($"Redis sent a string of other than the {length} bytes that it announced.");
                }

                next += 2;
                break;
            case RespType.BulkString:
                Value = default;
                break;
            default:
                throw new InvalidDataException($"Redis sent a value that begins with the byte 0x{rest[0]:x2}, which version 2 of its protocol has not.");
        }

        _position = next;
        return true;
    }

    /// <summary>The value as text, for errors and names.</summary>
    public readonly string ReadText() => Encoding.UTF8.GetString(Value);

    private int ReadLength(ReadOnlySpan<byte> digits)
    {
        if (!Utf8Parser.TryParse(digits, out int length, out var read) || read != digits.Length || length < -1)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"Redis sent the length \"{Encoding.UTF8.GetString(digits)}\", which is none."));
        }

        IsNull = length < 0;
        return Math.Max(length, 0);
    }
}
