using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Messaging;

/// <summary>Reads and writes a <see cref="Push"/> in its own JSON form, as a part of a whole notification in JSON.</summary>
public sealed class PushJsonConverter : JsonConverter<Push>
{
    public override Push Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return Push.Parse(JsonElement.ParseValue(ref reader));
        }
        catch (ArgumentException invalid)
        {
            throw new JsonException(invalid.Message, invalid);
        }
    }

    public override void Write(Utf8JsonWriter writer, Push value, JsonSerializerOptions options) => writer.WriteRawValue(value.ToJson().Span);
}
