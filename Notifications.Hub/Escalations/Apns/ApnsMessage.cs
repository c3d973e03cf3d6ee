using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Escalations.Apns;

/// <summary>Headers and body of a request (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).</summary>
internal static class ApnsMessage
{
    /// <summary>The longest collapse id, in bytes. Notification ids may be twice as long.</summary>
    private const int MaxCollapseId = 64;

    public static object Body(PushMessage message)
    {
        var alert = message.IsAlert ? new { message.Content.Title, message.Content.Body } : null;
        var body = message.Data.ToDictionary(member => member.Key, object (member) => member.Value);
        body["aps"] = ForSystem(message, alert);
        return body;
    }

    /// <summary>What the phone's system reads of the body.</summary>
    public static Aps ForSystem(PushMessage message, object? alert = null) =>
        new(alert, message.Content.Badge, message.Content.Sound, ContentAvailable: message.IsAlert ? null : 1);

    public static IReadOnlyDictionary<string, string> Headers(PushMessage message) => new Dictionary<string, string>
    {
        ["apns-push-type"] = message.IsAlert ? "alert" : "background",
        // Apple's rule: priority 10 (at once) is for messages that are shown. Messages that only wake the app have priority 5.
        ["apns-priority"] = message.IsAlert ? "10" : "5",
        ["apns-expiration"] = message.Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        ["apns-collapse-id"] = CollapseId(message.Id),
    };

    /// <summary>The notification's id, or its hash if the id is too long for Apple.</summary>
    private static string CollapseId(string id) =>
        id.Length <= MaxCollapseId ? id : Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(id)));

    internal sealed record Aps(object? Alert, int? Badge, string? Sound, [property: JsonPropertyName("content-available")] int? ContentAvailable);
}
