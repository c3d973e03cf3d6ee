using System.Runtime.Serialization;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

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

/// <summary>A position in the form in which clients send it.</summary>
[DataContract]
public sealed record StreamPosition
{
    internal const string Rule = """It has to be {epoch, offset}, such as {"epoch": "6c929cca55ce", "offset": 17}.""";
    internal const string OffsetRule = "It has to be a whole number from 0 to 9223372036854775807, such as 7 or 7.0.";

    private const int MaxEpochLength = 64;

    [DataMember(Name = "epoch")]
    public string? Epoch { get; init; }

    [DataMember(Name = "offset")]
    public long? Offset { get; init; }

    /// <exception cref="HubException">The values are not a position.</exception>
    internal Position ToPosition() => this switch
    {
        { Epoch.Length: 0 or > MaxEpochLength } or { Epoch: null } => throw new HubException(
            $"epoch is {(Epoch is null ? "null" : JsonSerializer.Serialize(JsonRule.Shortened(Epoch)))}. It has to be the epoch of a notification or of \"subscribed\", 1 to {MaxEpochLength} characters."),
        { Offset: null } => throw new HubException($"offset is missing. {OffsetRule}"),
        { Offset: < 0 } => throw new HubException($"offset is {Offset}. {OffsetRule}"),
        _ => new Position(Epoch, Offset.Value),
    };
}
