using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Notifications.Messaging.Log;

/// <summary>
/// How a notification lies in the log and travels on the channel: <c>timestamp SP token [SP traceparent] [SP push] LF body</c>. The
/// body is the JSON object <c>{"id","type","payload","timestamp"}</c> as it goes out to clients, so that nobody on the way parses it;
/// the head has what the hub needs for itself: when it was published, a random token that no other entry has, by which two lives of
/// a log are told apart, if the publisher was traced its W3C <c>traceparent</c>, and if there is one the push part, a JSON object
/// without line breaks.
/// </summary>
internal readonly struct LogEntry
{
    private const byte HeadEnd = (byte)'\n';
    private const char Separator = ' ';
    private const byte PushStart = (byte)'{';

    private const int TokenLength = 12;

    /// <summary>What entries are written in, one after the other: each takes a copy of its own size along.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    private LogEntry(DateTimeOffset timestamp, string token, string? traceParent, ReadOnlyMemory<byte> push, ReadOnlyMemory<byte> body) =>
        (Timestamp, Token, TraceParent, Push, Body) = (timestamp, token, traceParent, push, body);

    public DateTimeOffset Timestamp { get; }

    public string Token { get; }

    public string? TraceParent { get; }

    /// <summary>JSON for <see cref="Messaging.Push.Parse"/>; empty if it has none.</summary>
    public ReadOnlyMemory<byte> Push { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <exception cref="FormatException">It has another form: written by another program or another version.</exception>
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
        // It has to differ from others and need not be hard to guess: the cryptographic generator took a tenth of a publish.
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
