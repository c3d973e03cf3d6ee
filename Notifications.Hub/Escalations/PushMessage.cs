namespace Notifications.Hubs.Escalations;

/// <summary>A message to a phone.</summary>
/// <param name="Stream">The user's stream.</param>
/// <param name="Position">The notification's position in the stream.</param>
/// <param name="Id">The notification's id. A second message with the same id replaces the first one on the phone.</param>
/// <param name="Content">The content that the publisher set.</param>
/// <param name="Expires">When the message is of no use any more.</param>
internal sealed record PushMessage(StreamName Stream, Position Position, string Id, Push Content, DateTimeOffset Expires)
{
    /// <summary>
    /// The longest message that FCM and APNs take, in bytes. Instead of a longer one the phone gets the position only, and the app has to ask for the rest.
    /// </summary>
    public const int MaxBytes = 4096;

    public bool IsAlert => Content.Title is not null || Content.Body is not null;

    /// <summary>The data for the app: the publisher's data, and the position.</summary>
    public IEnumerable<KeyValuePair<string, string>> Data => Content.Data.Concat(
    [
        new("stream", Stream.Value),
        new("epoch", Position.Epoch),
        new("offset", Position.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("id", Id),
    ]);

    /// <summary>The same message as a wake-up: the phone shows nothing, and the app gets the position only.</summary>
    public PushMessage ToWakeUp() => this with { Content = new Push() };
}
