using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// A notification that waits to be appended to its stream's log, and the task of its publisher. The publisher's code continues on a thread of the thread pool,
/// so slow code delays no other notification.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="live">The name of the stream's channel (<see cref="RedisNames.Live"/>). The names of the stream's keys begin with it.</param>
/// <param name="id">The notification's id.</param>
/// <param name="entry">The notification (<see cref="LogEntry"/>).</param>
/// <param name="grace">The time from the publish to the escalation, while a hub listens; null: there is no escalation.</param>
internal sealed class Append(StreamName stream, string live, string id, ReadOnlyMemory<byte> entry, TimeSpan? grace)
    : TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StreamName Stream => stream;

    public string Live => live;

    public string Id => id;

    public ReadOnlyMemory<byte> Entry => entry;

    public bool IsEscalated => grace is not null;

    /// <summary>The escalation as publish.lua takes it: <c>grace id stream</c>, with the grace in milliseconds; empty: there is none.</summary>
    public string Push => grace is { } after ? $"{(long)after.TotalMilliseconds} {new Escalation(stream, 0, id).Target}" : "";

    public void Succeed(string epoch, long offset, bool duplicate) => TrySetResult(new PublishResult(id, epoch, offset, duplicate));

    public void Fail(Exception exception) => TrySetException(exception.AsRedisError());

    /// <summary>
    /// Fails because an earlier call failed and this notification was not sent. Each append throws an exception of its own, because a hundred thousand appends
    /// may wait. If they all threw the same exception, each throw would add to its stack trace, and each append would keep a copy of the trace.
    /// </summary>
    public void Abandon(Exception exception) => Fail(new RedisException($"The notification was not sent, because a call before it failed: {exception.Message}", exception));
}
