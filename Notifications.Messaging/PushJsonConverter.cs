using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Messaging;

/// <summary>Gives a <see cref="Push"/> its one form wherever a whole notification is kept as JSON.</summary>
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
