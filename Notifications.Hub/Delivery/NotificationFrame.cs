using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MessagePack;
using MessagePack.Formatters;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// A notification at its position, in the form that is sent. It is serialized once for each protocol, for all connections of this instance. If two threads need
/// it first at the same time, JSON may be serialized twice.
/// </summary>
internal sealed class NotificationFrame(StreamName stream, string epoch, long offset, string previous, LogEntry entry)
{
    private readonly NotificationArgument _argument = new(stream, new Position(epoch, offset, entry.Token), entry.Body);
    private SerializedHubMessage? _json;
    private SerializedHubMessage? _other;

    public Position Position => _argument.Position;

    /// <summary>When it was published.</summary>
    public DateTimeOffset Timestamp { get; } = entry.Timestamp;

    /// <summary>A notification that was heard on the stream's channel.</summary>
    public static NotificationFrame Heard(StreamName stream, LiveMessage live, LogEntry entry) =>
        new(stream, live.Epoch, live.Offset, live.Previous, entry);

    /// <summary>An entry of a page of the stream's log.</summary>
    public static NotificationFrame Read(StreamName stream, LogPage page, int index) =>
        new(stream, page.Epoch, page.After + index + 1, "", LogEntry.Parse(page.Entries[index]));

    /// <summary>
    /// The message for connections of a protocol. JSON, the protocol of most connections, is written here: SignalR's serializer takes several times as long.
    /// </summary>
    public SerializedHubMessage In(string protocol) => protocol == JsonFrame.Protocol
        ? _json ??= new SerializedHubMessage([new SerializedMessage(protocol, JsonFrame.Of(_argument))])
        : _other ??= new SerializedHubMessage(new InvocationMessage(ClientEvents.Notification, [_argument]));

    /// <summary>Whether this is the next notification after the position, in the same epoch, and directly after the entry with the position's token.</summary>
    public bool Follows(Position position) =>
        Position.Epoch == position.Epoch && Position.Offset == position.Offset + 1 && previous == position.Token;

    /// <summary>Whether a client at this position has had the notification, as far as the two positions show.</summary>
    public bool IsUpTo(Position position) =>
        Position.Epoch == position.Epoch
        && (Position.Offset < position.Offset || (Position.Offset == position.Offset && Position.Token == position.Token));
}

/// <summary>Argument of <c>notification</c>: <c>{stream, epoch, offset}</c> followed by the members of the body as its publisher wrote them.</summary>
[JsonConverter(typeof(NotificationArgumentJson))]
[MessagePackFormatter(typeof(NotificationArgumentMessagePack))]
internal sealed record NotificationArgument(StreamName Stream, Position Position, ReadOnlyMemory<byte> Body)
{
    /// <summary>In bytes. More than the JSON before the body needs, unless the stream's name is very long.</summary>
    public const int HeadSize = 192;

    public void WriteJson(ArrayBufferWriter<byte> buffer)
    {
        using (var head = new Utf8JsonWriter(buffer))
        {
            head.WriteStartObject();
            head.WriteString("stream"u8, Stream.Value);
            head.WriteString("epoch"u8, Position.Epoch);
            head.WriteNumber("offset"u8, Position.Offset);
            head.Flush();
        }

        // The head's object stays open and the body's members follow: "{" of the body becomes ",".
        buffer.Write(","u8);
        buffer.Write(Body.Span[1..]);
    }
}

/// <summary>
/// A notification as an invocation of the JSON hub protocol that has no id, so the client sends no completion
/// (https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md#json-encoding).
/// </summary>
internal static class JsonFrame
{
    public const string Protocol = "json";

    private static readonly byte[] Begin = Encoding.UTF8.GetBytes($$"""{"type":1,"target":"{{ClientEvents.Notification}}","arguments":[""");

    /// <summary>It ends with the record separator of the text protocols.</summary>
    private static ReadOnlySpan<byte> End => "]}\u001e"u8;

    public static ReadOnlyMemory<byte> Of(NotificationArgument argument)
    {
        var buffer = new ArrayBufferWriter<byte>(Begin.Length + End.Length + NotificationArgument.HeadSize + argument.Body.Length);
        buffer.Write(Begin);
        argument.WriteJson(buffer);
        buffer.Write(End);
        return buffer.WrittenMemory;
    }
}

internal sealed class NotificationArgumentJson : JsonConverter<NotificationArgument>
{
    public override void Write(Utf8JsonWriter writer, NotificationArgument value, JsonSerializerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(NotificationArgument.HeadSize + value.Body.Length);
        value.WriteJson(buffer);
        writer.WriteRawValue(buffer.WrittenSpan, skipInputValidation: true);
    }

    public override NotificationArgument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("The hub sends notifications and takes none.");
}

/// <summary>
/// Writes a notification for MessagePack clients. An entry of the log may be older than <see cref="JsonRule"/>. A member that breaks the rule is sent as its
/// JSON text, in a string, which every MessagePack client can read. A value that a client can't read would end its connection each time it reconnects.
/// </summary>
internal sealed class NotificationArgumentMessagePack : IMessagePackFormatter<NotificationArgument>
{
    /// <summary>No limit, because <see cref="JsonRule"/> checks the depth of each member.</summary>
    private static readonly JsonDocumentOptions OfAnyDepth = new() { MaxDepth = int.MaxValue };

    public void Serialize(ref MessagePackWriter writer, NotificationArgument value, MessagePackSerializerOptions options)
    {
        using var body = JsonDocument.Parse(value.Body, OfAnyDepth);
        writer.WriteMapHeader(3 + body.RootElement.GetPropertyCount());
        writer.Write("stream");
        writer.Write(value.Stream.Value);
        writer.Write("epoch");
        writer.Write(value.Position.Epoch);
        writer.Write("offset");
        writer.Write(value.Position.Offset);
        foreach (var member in body.RootElement.EnumerateObject())
        {
            writer.Write(member.Name);
            if (JsonRule.Error(member.Value) is null)
            {
                Write(ref writer, member.Value);
            }
            else
            {
                writer.Write(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(member.Value)));
            }
        }
    }

    public NotificationArgument Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options) =>
        throw new NotSupportedException("The hub sends notifications and takes none.");

    /// <summary>Writes JSON that keeps to <see cref="JsonRule"/>.</summary>
    private static void Write(ref MessagePackWriter writer, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteMapHeader(json.GetPropertyCount());
                foreach (var member in json.EnumerateObject())
                {
                    writer.Write(member.Name);
                    Write(ref writer, member.Value);
                }

                break;
            case JsonValueKind.Array:
                writer.WriteArrayHeader(json.GetArrayLength());
                foreach (var item in json.EnumerateArray())
                {
                    Write(ref writer, item);
                }

                break;
            case JsonValueKind.Number when json.TryGetInt64(out var integer):
                writer.Write(integer);
                break;
            case JsonValueKind.Number when json.TryGetUInt64(out var large):
                writer.Write(large);
                break;
            case JsonValueKind.Number:
                writer.Write(json.GetDouble());
                break;
            case JsonValueKind.String:
                writer.Write(json.GetString());
                break;
            case JsonValueKind.True or JsonValueKind.False:
                writer.Write(json.GetBoolean());
                break;
            default:
                writer.WriteNil();
                break;
        }
    }
}
