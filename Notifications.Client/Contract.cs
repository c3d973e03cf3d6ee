using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Client;

/// <summary>The names in the messages between hub and client. docs/protocol.md has the whole contract.</summary>
internal static class HubNames
{
    public const string Notification = "notification";
    public const string Subscribed = "subscribed";
    public const string Reconnect = "reconnect";
    public const string Subscribe = "Subscribe";
    public const string Unsubscribe = "Unsubscribe";
    public const string Acknowledge = "Acknowledge";
    public const string Instance = "Instance";
    public const string DeviceQuery = "device";
    public const string UserKind = "user:";
    private const string UnavailableWord = "unavailable:";

    /// <summary>Whether the hub refused a call that may succeed later. SignalR puts its own words before the hub's message.</summary>
    public static bool IsUnavailable(HubException exception) => exception.Message.Contains(UnavailableWord, StringComparison.Ordinal);
}

internal sealed record NotificationMessage(
    string Stream, string Epoch, long Offset, string Id, string Type, JsonElement Payload, long Timestamp)
{
    public Position Position => new(Epoch, Offset);

    public ReceivedNotification ToReceived() =>
        new(Stream, Epoch, Offset, Id, Type, Payload, DateTimeOffset.FromUnixTimeMilliseconds(Timestamp));
}

/// <summary>The stream is delivered from the offset after this offset. If it is not recovered, missed notifications before it are gone from the log.</summary>
internal sealed record SubscribedMessage(string Stream, string Epoch, long Offset, bool Recovered)
{
    public Position Position => new(Epoch, Offset);
}

internal sealed record ReconnectMessage(int DelayMs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NotificationMessage))]
[JsonSerializable(typeof(SubscribedMessage))]
[JsonSerializable(typeof(ReconnectMessage))]
[JsonSerializable(typeof(Position))]
[JsonSerializable(typeof(Dictionary<string, Position>))]
internal sealed partial class ClientJson : JsonSerializerContext;
