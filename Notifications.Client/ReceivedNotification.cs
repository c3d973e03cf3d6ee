using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Notifications.Client;

/// <summary>A notification as the application gets it.</summary>
/// <param name="Stream">The stream of the notification: <c>user:&lt;id&gt;</c> or <c>topic:&lt;name&gt;</c>.</param>
/// <param name="Epoch">The epoch of the log to which <paramref name="Offset"/> belongs.</param>
/// <param name="Offset">The number of the notification in its log: 1, 2, 3 …</param>
/// <param name="Id">The id that the publisher gave the notification.</param>
/// <param name="Type">The kind of the notification, by which the application decides what to do.</param>
/// <param name="Payload">Any JSON.</param>
/// <param name="Timestamp">When it was published, to the millisecond.</param>
public sealed record ReceivedNotification(
    string Stream, string Epoch, long Offset, string Id, string Type, JsonElement Payload, DateTimeOffset Timestamp)
{
    public Position Position => new(Epoch, Offset);

    /// <summary>Deserializes the payload with a source-generated contract.</summary>
    public T? PayloadAs<T>(JsonTypeInfo<T> contract) => Payload.Deserialize(contract);
}
