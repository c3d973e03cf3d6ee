namespace Notifications.Hubs.Delivery;

/// <summary>The subscription of one connection to one stream. Only the connection's delivery changes its position.</summary>
internal sealed class Subscription(DeliveryQueue queue, StreamName stream, Position? since, DateTimeOffset createdAt)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RetryDelay _retry = new(least: 0);
    private volatile bool _behind;
    private volatile bool _waitsForRedis;

    public StreamName Stream => stream;

    /// <summary>The position that the client named; null: it named none.</summary>
    public Position? Since => since;

    /// <summary>When the client subscribed. Notifications from before that waited for the client, not for this hub.</summary>
    public DateTimeOffset CreatedAt => createdAt;

    /// <summary>The last delivered position; null before the first <c>subscribed</c>.</summary>
    public Position? Position { get; private set; }

    public bool IsClosed { get; set; }

    /// <summary>Completes when it is decided from which position on the connection gets everything. Fails if that could not be found out.</summary>
    public Task Begun => _begun.Task;

    public void Begin(Position position)
    {
        Position = position;
        _begun.TrySetResult();
    }

    public void Fail(Exception exception) => _begun.TrySetException(exception);

    public void MoveTo(Position position) => Position = position;

    /// <summary>Whether the subscription may have missed something. Then the log has to be read before the next live notification.</summary>
    public bool IsBehind
    {
        get => _behind;
        set => _behind = value;
    }

    /// <summary>Whether the log could not be read and a later attempt is under way.</summary>
    public bool IsWaitingForRedis
    {
        get => _waitsForRedis;
        set => _waitsForRedis = value;
    }

    /// <returns>The wait before the next attempt.</returns>
    public TimeSpan RedisFailed()
    {
        IsWaitingForRedis = true;
        return _retry.Next();
    }

    public void RedisAnswered() => _retry.Reset();

    /// <summary>The stream that it is a member of; null: it is not a member yet.</summary>
    public LocalStream? Local { get; set; }

    /// <summary>Its index in the stream's list of members. <see cref="LocalStream"/> sets it.</summary>
    public int Index { get; set; }

    /// <summary>Queues a live notification. Never waits. A notification that does not fit the connection's queue is read from the log later.</summary>
    public void Offer(NotificationFrame frame) => queue.Add(this, frame);

    /// <summary>Queues a read of the log from this subscription's position: it may have missed something. Never waits.</summary>
    public void CatchUp() => queue.Add(this, null);
}
