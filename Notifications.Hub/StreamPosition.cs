using System.Runtime.Serialization;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

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
