using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Notifications.Messaging;

/// <summary>What a service wants a stream's readers to know.</summary>
public sealed record Notification
{
    /// <summary>
    /// The idempotency key, 1 to 128 characters by <see cref="StreamName"/>'s rule: publishing the same id to the same stream
    /// again within the window changes nothing. A new version 7 GUID unless set.
    /// </summary>
    public string Id { get; init; } = NewId();

    /// <summary>What kind of news it is, for the receiver to switch on, such as <c>ORDER_UPDATED</c>; 1 to 128 characters of Unicode.</summary>
    public required string Type { get; init; }

    /// <summary>
    /// Any JSON up to <see cref="NotificationOptions.MaxPayloadBytes"/> that is the same value for clients of JSON and of MessagePack; publishing refuses other JSON.
    /// </summary>
    /// <remarks>
    /// A number without a fraction and an exponent is an integer, from −2^63 to 2^64−1. Any other number is a double, and readers get the nearest one. Where more
    /// digits count, as in a <see cref="decimal"/> or an integer beyond 64 bits, send a string. Each name stands once in an object, and none is
    /// <c>__proto__</c>. At most 50 objects and arrays are within each other. Text is Unicode, without halves of surrogate pairs.
    /// </remarks>
    public required JsonElement Payload { get; init; }

    /// <summary>What goes to the user's phones if nobody acknowledges it in time; null: nothing does. Only on a user's stream.</summary>
    public Push? Push { get; init; }

    /// <summary>A notification with <paramref name="payload"/> as web JSON (camel case).</summary>
    public static Notification Create<T>(string type, T payload) =>
        new() { Type = type, Payload = JsonSerializer.SerializeToElement(payload, JsonSerializerOptions.Web) };

    /// <summary>The same with a source-generated contract, for trimmed and AOT programs.</summary>
    public static Notification Create<T>(string type, T payload, JsonTypeInfo<T> contract) =>
        new() { Type = type, Payload = JsonSerializer.SerializeToElement(payload, contract) };

    /// <summary>
    /// As <see cref="Guid.CreateVersion7()"/> (RFC 9562, section 5.7), with random bits that need not be hard to guess: the system's were a tenth of a publish.
    /// </summary>
    private static string NewId()
    {
        const int version = 0x70;
        const int variant = 0x80;
        Span<byte> id = stackalloc byte[16];
        Random.Shared.NextBytes(id[6..]);
        var milliseconds = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteUInt16BigEndian(id, (ushort)(milliseconds >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(id[2..], (uint)milliseconds);
        id[6] = (byte)(version | (id[6] & 0x0F));
        id[8] = (byte)(variant | (id[8] & 0x3F));
        return Convert.ToHexStringLower(id);
    }
}

/// <summary>Where a notification stands in its stream.</summary>
/// <param name="Id">The notification's id.</param>
/// <param name="Epoch">The life of the log that <paramref name="Offset"/> belongs to.</param>
/// <param name="Offset">1, 2, 3 …</param>
/// <param name="Duplicate">True if the id was known: nothing was published now, and this is its first position.</param>
public sealed record PublishResult(string Id, string Epoch, long Offset, bool Duplicate);
