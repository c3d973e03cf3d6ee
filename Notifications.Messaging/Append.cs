using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>A notification on its way into its stream's log, and the task of who waits for its place there.</summary>
/// <param name="stream">The stream.</param>
/// <param name="id">The notification's id.</param>
/// <param name="entry">The notification (<see cref="LogEntry"/>).</param>
/// <param name="grace">After which its escalation is due while a hub listens; null: it has none.</param>
/// <param name="sharded">Whether its channel is.</param>
internal sealed class Append(StreamName stream, string id, ReadOnlyMemory<byte> entry, TimeSpan? grace, bool sharded)
    : TaskCompletionSource<PublishResult>, IThreadPoolWorkItem
{
    private PublishResult? _result;
    private Exception? _exception;

    public StreamName Stream => stream;

    /// <summary><see cref="RedisNames.Live"/>, which every key of it begins with.</summary>
    public string Live { get; } = RedisNames.Live(stream);

    public string Id => id;

    public ReadOnlyMemory<byte> Entry => entry;

    public bool IsSharded => sharded;

    public bool IsEscalated => grace is not null;

    /// <summary>Of its escalation, as publish.lua takes it: <c>grace id stream</c>, the grace in milliseconds; empty without one.</summary>
    public string Push => grace is { } after ? $"{(long)after.TotalMilliseconds} {new Escalation(stream, 0, id).Target}" : "";

    public void Succeed(string epoch, long offset, bool duplicate) => _result = new PublishResult(id, epoch, offset, duplicate);

    public void Fail(Exception exception) => _exception = exception.AsRedisError();

    /// <summary>
    /// Fails because a call failed that it was to follow. With an exception of its own: there may be a hundred thousand of these, and one that all of them
    /// throw would note where each does, and each would keep a copy of that.
    /// </summary>
    public void Abandon(Exception exception) => Fail(new RedisException($"Redis does not answer, and what waited behind a call that failed was not sent: {exception.Message}", exception));

    /// <summary>
    /// Tells who waits for these. What they do next may hold up its thread, and must hold up nobody else: so each has one of the pool's, and the last has
    /// this one if it is, which saves waking another where there is just one.
    /// </summary>
    public static void Tell(ReadOnlySpan<Append> done)
    {
        var isOfPool = Thread.CurrentThread.IsThreadPoolThread;
        foreach (var append in isOfPool ? done[..^1] : done)
        {
            ThreadPool.UnsafeQueueUserWorkItem(append, preferLocal: false);
        }

        if (isOfPool)
        {
            done[^1].Execute();
        }
    }

    public void Execute()
    {
        if (_exception is null)
        {
            TrySetResult(_result!);
        }
        else
        {
            TrySetException(_exception);
        }
    }
}
