using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Notifications.Messaging.Log;

namespace Notifications.Messaging;

/// <summary>
/// What the user's phones get if no device acknowledges the notification in time. Without <see cref="Title"/> and <see cref="Body"/> the app is woken up and
/// the phone shows nothing. In JSON
/// <c>{"title","body","badge","sound","data","grace","ttl"}</c>, where each member is optional and times are in seconds.
/// </summary>
[JsonConverter(typeof(PushJsonConverter))]
public sealed record Push
{
    /// <summary>The longest time between publish and escalation.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(1);

    /// <summary>The longest time that FCM keeps a message.</summary>
    public static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(28);

    // The members of the notification's position, then the names that FCM (https://firebase.google.com/docs/cloud-messaging) and APNs reserve.
    private static readonly string[] ReservedKeys = ["stream", "epoch", "offset", "id", "from", "message_type", "aps"];
    private static readonly string[] ReservedPrefixes = ["google", "gcm"];

    public string? Title { get; init; }

    public string? Body { get; init; }

    /// <summary>The number on the app's icon; 0 removes it.</summary>
    public int? Badge { get; init; }

    /// <summary>The name of a sound that the app has, or <c>default</c>.</summary>
    public string? Sound { get; init; }

    /// <summary>Further data for the app. The app always gets the position: <c>stream</c>, <c>epoch</c>, <c>offset</c> and <c>id</c>.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// How long a connected user has to acknowledge before the notification goes to their phones: up to 24 h; <see cref="NotificationOptions.PushGrace"/>
    /// unless set. With less than three seconds, notifications may go to phones although a client has handled them. A client that gets several notifications a
    /// second acknowledges every two seconds, and a hub collects acknowledgements for half a second. For a user who is not connected the grace is 0.
    /// </summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>
    /// How long after its publish the notification is of use: 1 s to 28 days, and longer than <see cref="Grace"/>;
    /// <see cref="NotificationOptions.PushTimeToLive"/> unless set.
    /// </summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <exception cref="ArgumentException">The JSON has another form.</exception>
    public static Push Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException($"\"push\" is {json.ValueKind}. It has to be an object such as {{\"title\": \"Your order was shipped\"}}.", nameof(json));
        }

        if (JsonRule.UnknownMember(json, "title", "body", "badge", "sound", "data", "grace", "ttl") is { } unknown)
        {
            throw new ArgumentException($"\"push\" {unknown}", nameof(json));
        }

        return new Push
        {
            Title = Text(json, "title"),
            Body = Text(json, "body"),
            Badge = Read<int>(json, "badge", "a whole number, 0 or more", static value => value.TryGetInt32(out var badge) ? badge : null),
            Sound = Text(json, "sound"),
            Data = ReadData(json),
            Grace = Seconds(json, "grace"),
            TimeToLive = Seconds(json, "ttl"),
        };
    }

    internal ReadOnlyMemory<byte> ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, JsonText.Writing);
        json.WriteStartObject();
        WriteText(json, "title", Title);
        WriteText(json, "body", Body);
        WriteNumber(json, "badge", Badge);
        WriteText(json, "sound", Sound);
        if (Data.Count > 0)
        {
            json.WriteStartObject("data");
            foreach (var (key, value) in Data)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        WriteNumber(json, "grace", Grace?.TotalSeconds);
        WriteNumber(json, "ttl", TimeToLive?.TotalSeconds);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <returns>What is wrong; null: nothing. Call it after the times are set.</returns>
    internal string? Error()
    {
        var key = Data.Keys.FirstOrDefault(key => key.Length == 0 || ReservedKeys.Contains(key) || ReservedPrefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal)));
        return this switch
        {
            { Badge: < 0 } => $"badge is {Badge}. It has to be 0 or more.",
            _ when Grace < TimeSpan.Zero || Grace > MaxGrace => $"grace is {Grace!.Value.TotalSeconds} s. It has to be from 0 s to {MaxGrace.TotalSeconds} s.",
            _ when TimeToLive < TimeSpan.FromSeconds(1) || TimeToLive > MaxTimeToLive => $"ttl is {TimeToLive!.Value.TotalSeconds} s. It has to be from 1 s to {MaxTimeToLive.TotalSeconds} s.",
            _ when TimeToLive <= Grace => $"ttl is {TimeToLive!.Value.TotalSeconds} s, over before grace, {Grace!.Value.TotalSeconds} s. It has to be longer.",
            _ when !JsonRule.IsText(Title) => $"title {JsonRule.NoText}",
            _ when !JsonRule.IsText(Body) => $"body {JsonRule.NoText}",
            _ when !JsonRule.IsText(Sound) => $"sound {JsonRule.NoText}",
            _ when Data.FirstOrDefault(member => !JsonRule.IsText(member.Key) || !JsonRule.IsText(member.Value)) is { Key: { } member } => $"data.{member} {JsonRule.NoText}",
            _ when key is not null => $"data has the key \"{key}\". It may be none of {string.Join(", ", ReservedKeys)}, begin with none of {string.Join(", ", ReservedPrefixes)}, and not be empty.",
            _ => null,
        };
    }

    private static T? Read<T>(JsonElement json, string name, string rule, Func<JsonElement, T?> read) where T : struct =>
        !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.Number && read(value) is { } number ? number
            : throw Invalid(name, value, rule);

    private static TimeSpan? Seconds(JsonElement json, string name) =>
        Read<TimeSpan>(json, name, "a number of seconds", static value =>
            value.TryGetDouble(out var seconds) && Math.Abs(seconds) <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : null);

    private static string? Text(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw Invalid(name, value, "a string");

    private static Dictionary<string, string> ReadData(JsonElement json)
    {
        if (!json.TryGetProperty("data", out var data) || data.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        // FCM takes strings only. So any other value becomes its JSON text, for FCM and for APNs.
        return data.ValueKind == JsonValueKind.Object
            ? data.EnumerateObject().DistinctBy(member => member.Name).ToDictionary(
                member => member.Name,
                member => member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText())
            : throw Invalid("data", data, "an object");
    }

    private static ArgumentException Invalid(string name, JsonElement value, string rule)
    {
        var text = value.GetRawText();
        return new ArgumentException($"\"push.{name}\" is {(text.Length > 40 ? text[..40] + "…" : text)}. It has to be {rule}.", name);
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
