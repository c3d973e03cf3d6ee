using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Escalations;

/// <summary>A message to a phone. A second message with the same id replaces the first one on the phone.</summary>
internal sealed record PushMessage(StreamName Stream, Position Position, string Id, Push Content, DateTimeOffset Expires)
{
    /// <summary>The longest message that FCM and APNs take, in bytes.</summary>
    private const int MaxBytes = 4096;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JsonText.Writing.Encoder,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public bool IsAlert => Content.Title is not null || Content.Body is not null;

    /// <summary>The data for the app: the publisher's data, and the position.</summary>
    public IReadOnlyDictionary<string, string> Data => new Dictionary<string, string>(Content.Data)
    {
        ["stream"] = Stream.Value,
        ["epoch"] = Position.Epoch,
        ["offset"] = Position.Offset.ToString(CultureInfo.InvariantCulture),
        ["id"] = Id,
    };

    /// <summary>
    /// Writes the message in a provider's form. Instead of a message that is too long the phone gets a wake-up: it shows nothing, and the app gets the position
    /// only and has to ask for the rest.
    /// </summary>
    /// <returns>The message or the wake-up, and its JSON.</returns>
    public (PushMessage Message, ReadOnlyMemory<byte> Json) Write(Func<PushMessage, object> form)
    {
        var whole = JsonSerializer.SerializeToUtf8Bytes(form(this), Json);
        if (whole.Length <= MaxBytes)
        {
            return (this, whole);
        }

        var wakeUp = this with { Content = new Push() };
        return (wakeUp, JsonSerializer.SerializeToUtf8Bytes(form(wakeUp), Json));
    }
}
