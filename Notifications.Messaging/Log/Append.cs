using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// A notification on its way into its stream's log, and the task of who waits for its place there. What they do next may hold up its thread: so it runs
/// on one of the pool's, and holds up no other notification.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="live">What its keys begin with, and its channel (<see cref="RedisNames.Live"/>).</param>
/// <param name="id">The notification's id.</param>
/// <param name="entry">The notification (<see cref="LogEntry"/>).</param>
/// <param name="grace">After which its escalation is due while a hub listens; null: it has none.</param>
internal sealed class Append(StreamName stream, string live, string id, ReadOnlyMemory<byte> entry, TimeSpan? grace)
    : TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StreamName Stream => stream;

    public string Live => live;

    public string Id => id;

    public ReadOnlyMemory<byte> Entry => entry;

    public bool IsEscalated => grace is not null;

    /// <summary>Of its escalation, as publish.lua takes it: <c>grace id stream</c>, the grace in milliseconds; empty without one.</summary>
    public string Push => grace is { } after ? $"{(long)after.TotalMilliseconds} {new Escalation(stream, 0, id).Target}" : "";

    public void Succeed(string epoch, long offset, bool duplicate) => TrySetResult(new PublishResult(id, epoch, offset, duplicate));

    public void Fail(Exception exception) => TrySetException(exception.AsRedisError());

    /// <summary>
    /// Fails because a call failed that it was to follow, and was not sent. With an exception of its own: there may be a hundred thousand of these, and one that all of them
    /// throw would note where each does, and each would keep a copy of that.
    /// </summary>
    public void Abandon(Exception exception) => Fail(new RedisException($"The notification was not sent, because a call before it failed: {exception.Message}", exception));
}
