using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Notifications.Messaging.Log;

/// <summary>
/// The form in which a notification is stored in the log and sent on the channel: <c>timestamp SP token [SP traceparent] [SP push] LF body</c>.
/// The body is the JSON object <c>{"id","type","payload","timestamp"}</c> in the form that JSON clients get, so it is not parsed on its way to them. The head
/// has what the hub needs. The timestamp is the time of the publish in Unix milliseconds. The token is random, and no other entry has it: it tells apart two
/// entries that got the same offset because Redis went back in time. <c>traceparent</c> is the W3C value, if the publisher was traced. The push part is a
/// JSON object without line breaks, for <see cref="Messaging.Push.Parse"/>, or empty.
/// </summary>
internal readonly record struct LogEntry(DateTimeOffset Timestamp, string Token, string? TraceParent, ReadOnlyMemory<byte> Push, ReadOnlyMemory<byte> Body)
{
    private const byte HeadEnd = (byte)'\n';
    private const char Separator = ' ';
    private const byte PushStart = (byte)'{';

    private const int TokenLength = 12;

    /// <summary>The buffer in which this thread writes its entries, one after the other. Each entry is a copy of its own size.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    /// <exception cref="FormatException">The bytes have another form. Another program or another version wrote them.</exception>
    public static LogEntry Parse(ReadOnlyMemory<byte> entry)
    {
        var end = entry.Span.IndexOf(HeadEnd);
        var head = end < 0 ? default : entry[..end];
        var push = head.Span.IndexOf(PushStart);
        var parts = Encoding.ASCII.GetString(push < 0 ? head.Span : head.Span[..push].TrimEnd((byte)Separator)).Split(Separator);
        if (parts.Length is < 2 or > 3 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timestamp))
        {
            throw new FormatException($"A log entry of {entry.Length} bytes does not start with \"timestamp token [traceparent] [push]\". Was it written by another program?");
        }

        return new LogEntry(
            DateTimeOffset.FromUnixTimeMilliseconds(timestamp), parts[1], parts.ElementAtOrDefault(2), push < 0 ? default : head[push..], entry[(end + 1)..]);
    }

    internal static ReadOnlyMemory<byte> Write(Notification notification, DateTimeOffset timestamp, string? traceParent)
    {
        var milliseconds = timestamp.ToUnixTimeMilliseconds();
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(512);
        var json = _json ??= new Utf8JsonWriter(buffer, JsonText.Writing);
        buffer.ResetWrittenCount();
        json.Reset();
        // The token has to be unique. It need not be hard to guess, and the cryptographic generator took a tenth of the time of a publish.
        var token = Random.Shared.GetHexString(TokenLength, lowercase: true);
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{milliseconds}{Separator}{token}"), buffer);
        if (traceParent is not null)
        {
            Encoding.ASCII.GetBytes(Separator + traceParent, buffer);
        }

        if (notification.Push is not null)
        {
            buffer.Write([(byte)Separator]);
            buffer.Write(notification.Push.ToJson().Span);
        }

        buffer.Write([HeadEnd]);
        json.WriteStartObject();
        json.WriteString("id"u8, notification.Id);
        json.WriteString("type"u8, notification.Type);
        json.WritePropertyName("payload"u8);
        notification.Payload.WriteTo(json);
        json.WriteNumber("timestamp"u8, milliseconds);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
