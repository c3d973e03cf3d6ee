using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Notifications.Messaging;

/// <summary>
/// How a notification lies in the log and travels on the channel: <c>timestamp [SP traceparent] LF body</c>. The body is the
/// JSON object <c>{"id","type","payload","timestamp"}</c> as it goes out to clients, so that nobody on the way parses it; the
/// head has what the hub needs for itself: when it was published and, if the publisher was traced, its W3C <c>traceparent</c>.
/// </summary>
public readonly struct LogEntry
{
    private const byte HeadEnd = (byte)'\n';
    private const byte Separator = (byte)' ';

    private LogEntry(DateTimeOffset timestamp, string? traceParent, ReadOnlyMemory<byte> body) =>
        (Timestamp, TraceParent, Body) = (timestamp, traceParent, body);

    public DateTimeOffset Timestamp { get; }

    public string? TraceParent { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <exception cref="FormatException">It has another form: written by another program or another version.</exception>
    public static LogEntry Parse(ReadOnlyMemory<byte> entry)
    {
        var end = entry.Span.IndexOf(HeadEnd);
        var head = end < 0 ? default : entry.Span[..end];
        if (!Utf8Parser.TryParse(head, out long timestamp, out var read) || (read < head.Length && head[read] != Separator))
        {
            throw new FormatException($"A log entry of {entry.Length} bytes does not start with \"timestamp [traceparent]\". Was it written by another program?");
        }

        var traceParent = read < head.Length ? Encoding.ASCII.GetString(head[(read + 1)..]) : null;
        return new LogEntry(DateTimeOffset.FromUnixTimeMilliseconds(timestamp), traceParent, entry[(end + 1)..]);
    }

    internal static ReadOnlyMemory<byte> Write(Notification notification, DateTimeOffset timestamp, string? traceParent)
    {
        var milliseconds = timestamp.ToUnixTimeMilliseconds();
        var buffer = new ArrayBufferWriter<byte>(512);
        Encoding.ASCII.GetBytes(milliseconds.ToString(CultureInfo.InvariantCulture), buffer);
        if (traceParent is not null)
        {
            buffer.Write([Separator]);
            Encoding.ASCII.GetBytes(traceParent, buffer);
        }

        buffer.Write([HeadEnd]);
        // The body is sent as JSON and never embedded in HTML, so it needs no escapes beyond JSON's own.
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("id"u8, notification.Id);
        json.WriteString("type"u8, notification.Type);
        json.WritePropertyName("payload"u8);
        notification.Payload.WriteTo(json);
        json.WriteNumber("timestamp"u8, milliseconds);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
