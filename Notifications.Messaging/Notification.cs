using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Notifications.Messaging;

/// <summary>A message that a service publishes to the readers of a stream.</summary>
public sealed record Notification
{
    /// <summary>
    /// The idempotency key: 1 to 128 characters by the rule of <see cref="StreamName"/>. A second publish of the same id to the same stream within
    /// <see cref="NotificationOptions.IdLifetime"/> changes nothing. Default: a new version 7 GUID.
    /// </summary>
    public string Id { get; init; } = NewId();

    /// <summary>The kind of notification, such as <c>ORDER_UPDATED</c>, by which a receiver decides what to do; 1 to 128 characters of Unicode.</summary>
    public required string Type { get; init; }

    /// <summary>
    /// JSON of at most <see cref="NotificationOptions.MaxPayloadBytes"/> bytes that has the same value for JSON clients and for MessagePack clients. Publishing
    /// refuses other JSON.
    /// </summary>
    /// <remarks>
    /// A number without a fraction and an exponent is an integer, from −2^63 to 2^64−1. Any other number is a double, and readers get the nearest double. Send
    /// a string if more digits matter, as in a <see cref="decimal"/> or an integer beyond 64 bits. An object has each name once, and no name is
    /// <c>__proto__</c>. Objects and arrays are nested at most 50 levels deep. Text is Unicode, without halves of surrogate pairs.
    /// </remarks>
    public required JsonElement Payload { get; init; }

    /// <summary>What the user's phones get if no device acknowledges the notification in time; null: nothing. Only on a user's stream.</summary>
    public Push? Push { get; init; }

    /// <summary>Creates a notification with <paramref name="payload"/> as web JSON (camel case).</summary>
    public static Notification Create<T>(string type, T payload) =>
        new() { Type = type, Payload = JsonSerializer.SerializeToElement(payload, JsonSerializerOptions.Web) };

    /// <summary>The same with a source-generated contract, for trimmed and AOT programs.</summary>
    public static Notification Create<T>(string type, T payload, JsonTypeInfo<T> contract) =>
        new() { Type = type, Payload = JsonSerializer.SerializeToElement(payload, contract) };

    /// <summary>
    /// Creates an id as <see cref="Guid.CreateVersion7()"/> does (RFC 9562, section 5.7). Its random bits need not be hard to guess, and the system's generator
    /// took a tenth of the time of a publish.
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

/// <summary>The position of a published notification.</summary>
/// <param name="Id">The notification's id.</param>
/// <param name="Epoch">The epoch that <paramref name="Offset"/> belongs to.</param>
/// <param name="Offset">1, 2, 3 …</param>
/// <param name="Duplicate">True: the id was known. Nothing was published now, and the position is that of the first publish.</param>
public sealed record PublishResult(string Id, string Epoch, long Offset, bool Duplicate);
