namespace Notifications.Hubs.Escalations;

/// <summary>What goes to a phone.</summary>
/// <param name="Stream">The user's stream.</param>
/// <param name="Position">Where the notification stands in it.</param>
/// <param name="Id">Its id. A second message with the same one takes the first one's place on the phone.</param>
/// <param name="Content">What the publisher wants shown.</param>
/// <param name="Expires">When it is worth nothing any more.</param>
internal sealed record PushMessage(StreamName Stream, Position Position, string Id, Push Content, DateTimeOffset Expires)
{
    /// <summary>What FCM and APNs take at the most, in bytes. Of what is longer the phone gets the position only, and has to ask for the rest.</summary>
    public const int MaxBytes = 4096;

    public bool IsAlert => Content.Title is not null || Content.Body is not null;

    /// <summary>What the app gets besides what is shown, the position included.</summary>
    public IEnumerable<KeyValuePair<string, string>> Data => Content.Data.Concat(
    [
        new("stream", Stream.Value),
        new("epoch", Position.Epoch),
        new("offset", Position.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("id", Id),
    ]);

    /// <summary>The same as a wake-up: nothing is shown, and the app gets the position only.</summary>
    public PushMessage ToWakeUp() => this with { Content = new Push() };
}
