using System.Runtime.Serialization;

namespace Notifications.Hubs.Delivery;

/// <summary>The names of the events that the hub sends to clients; docs/protocol.md has the whole contract.</summary>
internal static class ClientEvents
{
    public const string Notification = "notification";
    public const string Subscribed = "subscribed";
    public const string Reconnect = "reconnect";
}

/// <summary>The error of an invocation that can't be served at the moment. By its first word, clients know that they may ask again.</summary>
internal static class Unavailable
{
    public const string Prefix = "unavailable:";

    public static string Because(Exception exception) => $"{Prefix} {exception.Reason()} The stream can't be delivered now. Ask again after a while.";
}

/// <summary>
/// Argument of <c>subscribed</c>: the stream is delivered from the offset after this one on. Not recovered: the log no longer has the notifications between the
/// client's position and this one.
/// </summary>
[DataContract]
public sealed record Subscribed(
    [property: DataMember(Name = "stream")] string Stream,
    [property: DataMember(Name = "epoch")] string Epoch,
    [property: DataMember(Name = "offset")] long Offset,
    [property: DataMember(Name = "recovered")] bool Recovered);

/// <summary>Argument of <c>reconnect</c>: the instance hands its clients to others, and the client has to reconnect after this delay.</summary>
[DataContract]
public sealed record Reconnect([property: DataMember(Name = "delayMs")] int DelayMs);
