using System.Globalization;
using Notifications.Hubs.Escalations.Apns;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>The body of <c>messages:send</c> (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages).</summary>
internal static class FcmMessage
{
    public static object Body(PushMessage message, string token, DateTimeOffset now) => new
    {
        message = new
        {
            token,
            notification = message.IsAlert ? new { message.Content.Title, message.Content.Body } : null,
            data = message.Data,
            android = new
            {
                collapse_key = message.Id,
                priority = "HIGH",
                ttl = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (long)(message.Expires - now).TotalSeconds)}s"),
                // A second message with this tag also replaces the first one in the phone's list of notifications.
                notification = message.IsAlert ? new { tag = message.Id, message.Content.Sound, notification_count = message.Content.Badge } : null,
            },
            // FCM passes this on to APNs, for an iPhone whose app registered with FCM.
            apns = new { headers = ApnsMessage.Headers(message), payload = new { aps = ApnsMessage.ForSystem(message) } },
        },
    };
}
