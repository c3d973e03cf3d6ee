using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>A notification on its way into its stream's log.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Id">The notification's id.</param>
/// <param name="Entry">The notification (<see cref="LogEntry"/>).</param>
/// <param name="Grace">After which its escalation is due while a hub listens; null: it has none.</param>
/// <param name="Channel">The stream's channel.</param>
internal sealed record Append(StreamName Stream, string Id, ReadOnlyMemory<byte> Entry, TimeSpan? Grace, RedisChannel Channel);

/// <summary>
/// The appends of one partition, whose keys all lie in one slot: one call of the script at a time, which takes along what came up while the last one
/// was on its way. A call costs Redis and its caller more than a notification in it does; with nothing under way nobody waits.
/// In the order in which they were asked for.
/// </summary>
internal sealed class PartitionAppends(Func<RedisKey[], RedisValue[], Task<RedisResult>> publish, NotificationOptions options)
{
    /// <summary>A call holds Redis up for as long as it takes, and so many take well below a millisecond.</summary>
    private const int MaxInCall = 64;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();
    private bool _isCalling;

    private sealed class Waiting(Append append) : TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public Append Append => append;
    }

    /// <exception cref="RedisException">Redis does not answer, or refused: the notification may or may not be there.</exception>
    public Task<PublishResult> RunAsync(Append append)
    {
        var waiting = new Waiting(append);
        lock (_lock)
        {
            if (_isCalling)
            {
                _waiting.Enqueue(waiting);
                return waiting.Task;
            }

            _isCalling = true;
        }

        _ = CallAsync([waiting]);
        return waiting.Task;
    }

    private async Task CallAsync(Waiting[] batch)
    {
        while (batch.Length > 0)
        {
            try
            {
                await AppendAsync(batch);
            }
            catch (RedisServerException) when (batch.Length > 1)
            {
                // One of them is refused, and which one the answer does not say. Those that are in already are found by their ids.
                foreach (var each in batch)
                {
                    await AppendAloneAsync(each);
                }
            }
            catch (Exception exception)
            {
                Fail(batch, exception);
                if (exception is not RedisServerException)
                {
                    // Redis is away. Who waits has waited for it like those, and would for another time-out.
                    Fail(TakeAll(), exception);
                }
            }

            batch = Next();
            // The next call is of several traces, and not the first one's.
            Activity.Current = null;
        }
    }

    private async Task AppendAloneAsync(Waiting waiting)
    {
        try
        {
            await AppendAsync([waiting]);
        }
        catch (Exception exception)
        {
            waiting.TrySetException(exception);
        }
    }

    private async Task AppendAsync(Waiting[] batch)
    {
        var results = (string[])(await publish(Keys(batch), Arguments(batch)))!;
        foreach (var (waiting, result) in batch.Zip(results))
        {
            // 0 or 1, offset, epoch: publish.lua.
            var parts = result.Split(' ');
            waiting.TrySetResult(new PublishResult(
                waiting.Append.Id, parts[2], long.Parse(parts[1], CultureInfo.InvariantCulture), Duplicate: parts[0] == "1"));
        }
    }

    /// <returns>What is to be sent now; empty: nothing is, and the next one is sent by who brings it.</returns>
    private Waiting[] Next()
    {
        lock (_lock)
        {
            var batch = new Waiting[Math.Min(_waiting.Count, MaxInCall)];
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = _waiting.Dequeue();
            }

            _isCalling = batch.Length > 0;
            return batch;
        }
    }

    private Waiting[] TakeAll()
    {
        lock (_lock)
        {
            var all = _waiting.ToArray();
            _waiting.Clear();
            return all;
        }
    }

    private static void Fail(Waiting[] batch, Exception exception)
    {
        foreach (var waiting in batch)
        {
            waiting.TrySetException(exception);
        }
    }

    private static RedisKey[] Keys(Waiting[] batch)
    {
        const int each = 5;
        var keys = new RedisKey[batch.Length * each];
        for (var i = 0; i < batch.Length; i++)
        {
            var stream = batch[i].Append.Stream;
            keys[each * i] = RedisNames.Meta(stream);
            keys[(each * i) + 1] = RedisNames.Log(stream);
            keys[(each * i) + 2] = RedisNames.Cursors(stream);
            keys[(each * i) + 3] = RedisNames.Id(stream, batch[i].Append.Id);
            keys[(each * i) + 4] = RedisNames.Escalations(RedisNames.Partition(stream));
        }

        return keys;
    }

    private RedisValue[] Arguments(Waiting[] batch)
    {
        const int shared = 6;
        const int each = 4;
        var arguments = new RedisValue[shared + (batch.Length * each)];
        arguments[0] = NotificationLog.NewEpoch();
        arguments[1] = Milliseconds(options.StreamLifetime);
        arguments[2] = options.LogLength;
        arguments[3] = Milliseconds(options.LogLifetime);
        arguments[4] = Milliseconds(options.IdLifetime);
        arguments[5] = batch[0].Append.Channel.IsSharded ? "SPUBLISH" : "PUBLISH";
        for (var i = 0; i < batch.Length; i++)
        {
            var append = batch[i].Append;
            var first = shared + (each * i);
            arguments[first] = append.Entry;
            arguments[first + 1] = (byte[])append.Channel!;
            arguments[first + 2] = append.Grace is { } grace ? Milliseconds(grace) : "";
            arguments[first + 3] = append.Grace is null ? "" : new Escalation(append.Stream, 0, append.Id).Target;
        }

        return arguments;
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
