using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Notifications.Client;

/// <summary>A notification as its reader gets it.</summary>
/// <param name="Stream">Where it was published: <c>user:&lt;id&gt;</c> or <c>topic:&lt;name&gt;</c>.</param>
/// <param name="Epoch">The life of the stream's log that <paramref name="Offset"/> belongs to.</param>
/// <param name="Offset">Its place in the stream: 1, 2, 3 …</param>
/// <param name="Id">The id that its publisher gave it.</param>
/// <param name="Type">What kind of news it is, to switch on.</param>
/// <param name="Payload">Any JSON.</param>
/// <param name="Timestamp">When it was published, to the millisecond.</param>
public sealed record ReceivedNotification(
    string Stream, string Epoch, long Offset, string Id, string Type, JsonElement Payload, DateTimeOffset Timestamp)
{
    public Position Position => new(Epoch, Offset);

    /// <summary>The payload by a source-generated contract.</summary>
    public T? PayloadAs<T>(JsonTypeInfo<T> contract) => Payload.Deserialize(contract);
}
