using System.Diagnostics;
using System.Globalization;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Appends that share calls: one call of the script at a time, which takes along what came up while the last one was on its way. A call costs Redis and
/// its caller more than a notification in it does; with nothing under way nobody waits. In the order in which they were asked for.
/// </summary>
/// <param name="names">The names in Redis.</param>
/// <param name="publish">Runs publish.lua.</param>
/// <param name="isSharded">Whether the streams' channels are.</param>
/// <param name="options">Limits and lifetimes.</param>
internal sealed class AppendLane(RedisNames names, Func<RedisKey[], RedisValue[], Task<RedisResult>> publish, bool isSharded, NotificationOptions options)
{
    /// <summary>A call holds Redis up for as long as it takes, and so many take about a millisecond.</summary>
    private const int MaxInCall = 64;

    private readonly Lock _lock = new();
    private readonly Queue<Append> _waiting = new();
    private bool _isCalling;

    /// <exception cref="RedisException">Redis does not answer, or refused: the notification may or may not be there.</exception>
    public Task<PublishResult> RunAsync(Append append)
    {
        lock (_lock)
        {
            _waiting.Enqueue(append);
            if (_isCalling)
            {
                return append.Task;
            }

            _isCalling = true;
        }

        _ = CallAsync();
        return append.Task;
    }

    /// <summary>Until nothing waits.</summary>
    private async Task CallAsync()
    {
        while (Next() is { Length: > 0 } batch)
        {
            try
            {
                await AppendAsync(batch);
            }
            catch (RedisServerException exception) when (batch.Length > 1 && !exception.IsOfEveryWrite())
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
                    AbandonAll(exception);
                }
            }

            // The next call is of several traces, and not the first one's.
            Activity.Current = null;
        }
    }

    private async Task AppendAloneAsync(Append append)
    {
        try
        {
            await AppendAsync([append]);
        }
        catch (Exception exception)
        {
            append.Fail(exception);
        }
    }

    private async Task AppendAsync(Append[] batch)
    {
        var results = ((string)(await publish(Keys(batch), Arguments(batch)))!).Split(',');
        for (var i = 0; i < batch.Length; i++)
        {
            // 0 or 1, offset, epoch: publish.lua.
            var result = results[i].AsSpan();
            var end = result.LastIndexOf(' ');
            batch[i].Succeed(
                results[i][(end + 1)..], long.Parse(result[2..end], NumberStyles.None, CultureInfo.InvariantCulture), duplicate: result[0] == '1');
        }
    }

    /// <returns>What is to be sent now; empty: nothing is, and the next one is sent by who brings it.</returns>
    private Append[] Next()
    {
        lock (_lock)
        {
            var batch = new Append[Math.Min(_waiting.Count, MaxInCall)];
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = _waiting.Dequeue();
            }

            _isCalling = batch.Length > 0;
            return batch;
        }
    }

    private void AbandonAll(Exception exception)
    {
        Append[] all;
        lock (_lock)
        {
            all = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var append in all)
        {
            append.Abandon(exception);
        }
    }

    private static void Fail(Append[] batch, Exception exception)
    {
        foreach (var append in batch)
        {
            append.Fail(exception);
        }
    }

    private RedisKey[] Keys(Append[] batch)
    {
        const int each = 4;
        var keys = new RedisKey[(batch.Length * each) + batch.Count(append => append.IsEscalated)];
        var schedule = batch.Length * each;
        for (var i = 0; i < batch.Length; i++)
        {
            var append = batch[i];
            var live = append.Live;
            keys[each * i] = RedisNames.Meta(live);
            keys[(each * i) + 1] = RedisNames.Log(live);
            keys[(each * i) + 2] = RedisNames.Cursors(live);
            keys[(each * i) + 3] = RedisNames.Id(live, append.Id);
            if (append.IsEscalated)
            {
                keys[schedule++] = names.Escalations(RedisNames.Partition(append.Stream));
            }
        }

        return keys;
    }

    private RedisValue[] Arguments(Append[] batch)
    {
        const int shared = 6;
        const int each = 3;
        var arguments = new RedisValue[shared + (batch.Length * each)];
        arguments[0] = NotificationLog.NewEpoch();
        arguments[1] = Milliseconds(options.StreamLifetime);
        arguments[2] = options.LogLength;
        arguments[3] = Milliseconds(options.LogLifetime);
        arguments[4] = Milliseconds(options.IdLifetime);
        arguments[5] = isSharded ? "SPUBLISH" : "PUBLISH";
        for (var i = 0; i < batch.Length; i++)
        {
            var first = shared + (each * i);
            arguments[first] = batch[i].Entry;
            arguments[first + 1] = batch[i].Live;
            arguments[first + 2] = batch[i].Push;
        }

        return arguments;
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
