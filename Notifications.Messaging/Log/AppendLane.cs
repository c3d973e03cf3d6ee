using System.Diagnostics;
using System.Globalization;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Appends notifications in calls of publish.lua, one call at a time. Each call takes the notifications that were added during the call before. A call costs
/// Redis and its caller more than a notification in it does. A notification that is added while no call is under way is sent at once. Notifications are
/// appended in the order in which they were added.
/// </summary>
internal sealed class AppendLane(RedisNames names, Func<RedisKey[], RedisValue[], Task<RedisResult>> publish, bool isSharded, NotificationOptions options)
{
    /// <summary>How many notifications a call has at most. Redis does nothing else during a call, which takes about a millisecond at this size.</summary>
    private const int MaxInCall = 64;

    private readonly Lock _lock = new();
    private readonly Queue<Append> _waiting = new();
    private bool _isCalling;

    /// <exception cref="RedisException">Redis does not answer, or it refused the notification. The notification may be in the log or not.</exception>
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

    /// <summary>Makes calls until no notification waits.</summary>
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
                // Redis refused one of the notifications, and the answer does not say which. Notifications that are in the log already are found by their ids.
                foreach (var each in batch)
                {
                    await AppendAloneAsync(each);
                }
            }
            catch (Exception exception)
            {
                foreach (var each in batch)
                {
                    each.Fail(exception);
                }

                if (exception is not RedisServerException)
                {
                    // Redis is away. The notifications that wait have waited for Redis as long as these. Another call would make them wait for another
                    // time-out.
                    AbandonAll(exception);
                }
            }

            // The next call has notifications of several traces. It must not become a part of the first one's trace.
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
            // For each notification publish.lua answers "0 offset epoch" or "1 offset epoch".
            var result = results[i].AsSpan();
            var end = result.LastIndexOf(' ');
            batch[i].Succeed(
                results[i][(end + 1)..], long.Parse(result[2..end], NumberStyles.None, CultureInfo.InvariantCulture), duplicate: result[0] == '1');
        }
    }

    /// <returns>The notifications of the next call. Empty: none waits, and the next call of <see cref="RunAsync"/> begins anew.</returns>
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
