using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>The body of <c>messages:send</c> (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages).</summary>
internal static class FcmMessage
{
    /// <summary>The whole message, or a wake-up with the position if the whole message is longer than phones take.</summary>
    public static ReadOnlyMemory<byte> Write(PushMessage message, string token, DateTimeOffset now)
    {
        var whole = WriteWhole(message, token, now);
        return whole.Length <= PushMessage.MaxBytes ? whole : WriteWhole(message.ToWakeUp(), token, now);
    }

    private static ReadOnlyMemory<byte> WriteWhole(PushMessage message, string token, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, JsonText.Writing);
        json.WriteStartObject();
        json.WriteStartObject("message");
        json.WriteString("token", token);
        if (message.IsAlert)
        {
            json.WriteStartObject("notification");
            WriteText(json, "title", message.Content.Title);
            WriteText(json, "body", message.Content.Body);
            json.WriteEndObject();
        }

        json.WriteStartObject("data");
        foreach (var (key, value) in message.Data)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        WriteAndroid(json, message, now);
        WriteApns(json, message);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteAndroid(Utf8JsonWriter json, PushMessage message, DateTimeOffset now)
    {
        json.WriteStartObject("android");
        json.WriteString("collapse_key", message.Id);
        json.WriteString("priority", "HIGH");
        json.WriteString("ttl", string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (long)(message.Expires - now).TotalSeconds)}s"));
        if (message.IsAlert)
        {
            json.WriteStartObject("notification");
            // A second message with this tag also replaces the first one in the phone's list of notifications.
            json.WriteString("tag", message.Id);
            WriteText(json, "sound", message.Content.Sound);
            WriteNumber(json, "notification_count", message.Content.Badge);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the part that FCM passes on to APNs, for an iPhone whose app registered with FCM.</summary>
    private static void WriteApns(Utf8JsonWriter json, PushMessage message)
    {
        json.WriteStartObject("apns");
        json.WriteStartObject("headers");
        foreach (var (name, value) in Apns.ApnsMessage.Headers(message))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteStartObject("payload");
        json.WriteStartObject("aps");
        WriteNumber(json, "badge", message.Content.Badge);
        WriteText(json, "sound", message.Content.Sound);
        if (!message.IsAlert)
        {
            json.WriteNumber("content-available", 1);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
