using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Appends notifications to the logs of streams. The notifications of one stream are appended in the order of the calls, from the first call on. For this, all
/// notifications wait in one queue until the kind of server is known (<see cref="ScriptScope"/>).
/// </summary>
internal sealed class Appends(RedisNames names, ScriptScope scope, Func<RedisKey[], RedisValue[], Task<RedisResult>> publish, NotificationOptions options)
{
    private readonly Lock _lock = new();
    private readonly Queue<Append> _early = new();
    private bool _isAsking;

    /// <summary>
    /// One lane, where a call may have the keys of all partitions: more lanes would make smaller calls, and Redis runs one call at a time. Otherwise one lane
    /// for each partition. Null until the kind of server is known.
    /// </summary>
    private volatile AppendLane[]? _lanes;

    /// <exception cref="RedisException">Redis does not answer, or it refused the notification. The notification may be in the log or not.</exception>
    public Task<PublishResult> RunAsync(Append append)
    {
        if (_lanes is null && TryHold(append))
        {
            return append.Task;
        }

        return RunAsync(_lanes!, append);
    }

    /// <returns>False: the kind of server is known, and the notification does not wait here.</returns>
    private bool TryHold(Append append)
    {
        lock (_lock)
        {
            if (_lanes is not null)
            {
                return false;
            }

            _early.Enqueue(append);
            if (_isAsking)
            {
                return true;
            }

            _isAsking = true;
        }

        _ = AskAsync();
        return true;
    }

    private async Task AskAsync()
    {
        try
        {
            var known = await scope.AskAsync();
            var count = known.HasAllPartitions ? 1 : RedisNames.Partitions;
            AppendLane[] lanes = [.. Enumerable.Range(0, count).Select(_ => new AppendLane(names, publish, known.IsSharded, options))];
            while (TakeEarly(lanes) is { } append)
            {
                _ = RunAsync(lanes, append);
            }
        }
        catch (Exception exception)
        {
            FailEarly(exception);
        }
    }

    /// <returns>The next notification of the early queue. Null: it is empty, and from now on notifications go directly into their lanes.</returns>
    private Append? TakeEarly(AppendLane[] lanes)
    {
        lock (_lock)
        {
            if (_early.TryDequeue(out var append))
            {
                return append;
            }

            _lanes = lanes;
            return null;
        }
    }

    /// <summary>
    /// Fails all notifications of the early queue. The first one gets the error itself, because it asked. The next notification asks again for the kind of
    /// server.
    /// </summary>
    private void FailEarly(Exception exception)
    {
        Append[] early;
        lock (_lock)
        {
            early = [.. _early];
            _early.Clear();
            _isAsking = false;
        }

        early[0].Fail(exception);
        foreach (var append in early[1..])
        {
            append.Abandon(exception);
        }
    }

    private static Task<PublishResult> RunAsync(AppendLane[] lanes, Append append) =>
        lanes[lanes.Length == 1 ? 0 : RedisNames.Partition(append.Stream)].RunAsync(append);
}
