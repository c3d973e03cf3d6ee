using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Notifications.Hubs.Escalations.Apns;

/// <summary>Headers and body of a request (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).</summary>
internal static class ApnsMessage
{
    /// <summary>The longest collapse id, in bytes. Notification ids may be twice as long.</summary>
    private const int MaxCollapseId = 64;

    /// <summary>The message in a form that fits a phone: whole, or a wake-up with the position if the whole message is too long.</summary>
    public static (PushMessage Message, ReadOnlyMemory<byte> Body) Write(PushMessage message)
    {
        var whole = WriteWhole(message);
        return whole.Length <= PushMessage.MaxBytes ? (message, whole) : (message.ToWakeUp(), WriteWhole(message.ToWakeUp()));
    }

    public static IEnumerable<KeyValuePair<string, string>> Headers(PushMessage message) =>
    [
        new("apns-push-type", message.IsAlert ? "alert" : "background"),
        // Apple's rule: priority 10 (at once) is for messages that are shown. Messages that only wake the app have priority 5.
        new("apns-priority", message.IsAlert ? "10" : "5"),
        new("apns-expiration", message.Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        new("apns-collapse-id", CollapseId(message.Id)),
    ];

    /// <summary>The notification's id, or its hash if the id is too long for Apple.</summary>
    private static string CollapseId(string id) =>
        id.Length <= MaxCollapseId ? id : Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(id)));

    private static ReadOnlyMemory<byte> WriteWhole(PushMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, JsonText.Writing);
        json.WriteStartObject();
        json.WriteStartObject("aps");
        if (message.IsAlert)
        {
            json.WriteStartObject("alert");
            WriteText(json, "title", message.Content.Title);
            WriteText(json, "body", message.Content.Body);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNumber("content-available", 1);
        }

        if (message.Content.Badge is { } badge)
        {
            json.WriteNumber("badge", badge);
        }

        WriteText(json, "sound", message.Content.Sound);
        json.WriteEndObject();
        foreach (var (key, value) in message.Data)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
