using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Notifications.Messaging;

/// <summary>
/// How a notification lies in the log and travels on the channel: <c>traceparent LF body</c>. The body is the JSON object
/// <c>{"id","type","payload","timestamp"}</c> as it goes out to clients, so that nobody on the way parses it. The
/// <c>traceparent</c> (W3C Trace Context) is empty where the publisher was not traced.
/// </summary>
public readonly struct LogEntry
{
    private const byte Separator = (byte)'\n';

    private LogEntry(string? traceParent, ReadOnlyMemory<byte> body) => (TraceParent, Body) = (traceParent, body);

    public string? TraceParent { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <exception cref="FormatException">There is no separator: not an entry of this format.</exception>
    public static LogEntry Parse(ReadOnlyMemory<byte> entry)
    {
        var end = entry.Span.IndexOf(Separator);
        return end < 0
            ? throw new FormatException($"An entry of {entry.Length} bytes has no traceparent line. Was it written by another program?")
            : new LogEntry(end == 0 ? null : Encoding.ASCII.GetString(entry.Span[..end]), entry[(end + 1)..]);
    }

    internal static ReadOnlyMemory<byte> Write(Notification notification, DateTimeOffset timestamp, string? traceParent)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        Encoding.ASCII.GetBytes(traceParent ?? "", buffer);
        buffer.Write([Separator]);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("id"u8, notification.Id);
        json.WriteString("type"u8, notification.Type);
        json.WritePropertyName("payload"u8);
        notification.Payload.WriteTo(json);
        json.WriteNumber("timestamp"u8, timestamp.ToUnixTimeMilliseconds());
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
