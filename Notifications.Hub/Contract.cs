using System.Runtime.Serialization;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

/// <summary>The names of what the hub tells a client; docs/protocol.md has the whole contract.</summary>
internal static class ClientEvents
{
    public const string Notification = "notification";
    public const string Subscribed = "subscribed";
    public const string Reconnect = "reconnect";
}

/// <summary>What an invocation that can't be served just now is refused with; by the first word clients know to ask again.</summary>
internal static class Unavailable
{
    public const string Prefix = "unavailable:";

    public static string Because(Exception exception) => $"{Prefix} {exception.Reason()} The stream can't be delivered now. Ask again after a while.";
}

/// <summary>
/// Argument of <c>subscribed</c>: the stream is delivered from the offset after this one on. Not recovered: what lies between
/// the client's position and this one is gone from the log.
/// </summary>
[DataContract]
public sealed record Subscribed(
    [property: DataMember(Name = "stream")] string Stream,
    [property: DataMember(Name = "epoch")] string Epoch,
    [property: DataMember(Name = "offset")] long Offset,
    [property: DataMember(Name = "recovered")] bool Recovered);

/// <summary>Argument of <c>reconnect</c>: this instance is going away; come back after that long.</summary>
[DataContract]
public sealed record Reconnect([property: DataMember(Name = "delayMs")] int DelayMs);

/// <summary>A position as clients send it.</summary>
[DataContract]
public sealed record StreamPosition
{
    [DataMember(Name = "epoch")]
    public string? Epoch { get; init; }

    [DataMember(Name = "offset")]
    public long Offset { get; init; }

    private bool IsValid => Epoch is { Length: > 0 and <= 64 } && Offset >= 0;

    /// <exception cref="HubException">It can't be a position.</exception>
    internal Position ToPosition() => IsValid
        ? new Position(Epoch!, Offset)
        : throw new HubException("That is no position: it takes {epoch, offset}, the epoch as a notification or \"subscribed\" said it and the offset 0 or more.");
}
