namespace Notifications.Hubs.Delivery;

/// <summary>One connection's interest in one stream. The position belongs to the connection's delivery loop alone.</summary>
internal sealed class Subscription(ConnectionDelivery connection, StreamName stream, Position? since, DateTimeOffset createdAt)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _retryBound = FirstRetry;
    private volatile bool _behind;
    private volatile bool _waitsForRedis;

    public StreamName Stream => stream;

    /// <summary>Where the client said that it stands; null: it did not say.</summary>
    public Position? Since => since;

    /// <summary>What was published before that waited for the client, not for this hub.</summary>
    public DateTimeOffset CreatedAt => createdAt;

    /// <summary>The last position delivered; null before the first <c>subscribed</c>.</summary>
    public Position? Position { get; private set; }

    public bool IsClosed { get; set; }

    /// <summary>Done once it is decided from which position on the connection gets everything, or failed because that could not be found out.</summary>
    public Task Begun => _begun.Task;

    public void Begin(Position position)
    {
        Position = position;
        _begun.TrySetResult();
    }

    public void Fail(Exception exception) => _begun.TrySetException(exception);

    public void MoveTo(Position position) => Position = position;

    /// <summary>Something may have passed it by: the log has to be read before the next live notification.</summary>
    public bool IsBehind
    {
        get => _behind;
        set => _behind = value;
    }

    /// <summary>The log could not be read, and a later attempt is under way.</summary>
    public bool IsWaitingForRedis
    {
        get => _waitsForRedis;
        set => _waitsForRedis = value;
    }

    /// <returns>How long to wait before the next attempt: full jitter, so that those who failed together do not return together.</returns>
    public TimeSpan RedisFailed()
    {
        IsWaitingForRedis = true;
        var delay = _retryBound * Random.Shared.NextDouble();
        _retryBound = _retryBound * 2 < LongestRetry ? _retryBound * 2 : LongestRetry;
        return delay;
    }

    public void RedisAnswered() => _retryBound = FirstRetry;

    /// <summary>What it is a member of, once it is.</summary>
    public LocalStream? Local { get; set; }

    /// <summary>Its place in the stream's member list, kept by <see cref="LocalStream"/>.</summary>
    public int Index { get; set; }

    /// <summary>Hands over a live notification. Never waits: what does not fit the connection's queue is read from the log later.</summary>
    public void Offer(NotificationFrame frame) => connection.Offer(this, frame);

    /// <summary>Makes the connection's loop read the log from where this subscription stands.</summary>
    public void CatchUp() => connection.CatchUp(this);
}
