using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Appends to streams' logs. Those of one stream are in the order of their calls, from the first one on: until the kind of server is known
/// (<see cref="ScriptScope"/>), all wait in one queue.
/// </summary>
/// <param name="names">The names in Redis.</param>
/// <param name="scope">What a call may touch.</param>
/// <param name="publish">Runs publish.lua.</param>
/// <param name="options">Limits and lifetimes.</param>
internal sealed class Appends(RedisNames names, ScriptScope scope, Func<RedisKey[], RedisValue[], Task<RedisResult>> publish, NotificationOptions options)
{
    private readonly Lock _lock = new();
    private readonly Queue<Append> _early = new();
    private bool _isAsking;

    /// <summary>One for all, as with more of them calls get smaller, and Redis runs one at a time anyway; or one for each partition.</summary>
    private volatile AppendLane[]? _lanes;

    /// <exception cref="RedisException">Redis does not answer, or refused: the notification may or may not be there.</exception>
    public Task<PublishResult> RunAsync(Append append)
    {
        if (_lanes is null && TryHold(append))
        {
            return append.Task;
        }

        return RunAsync(_lanes!, append);
    }

    /// <returns>False: the kind of server is known.</returns>
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
            var lanes = new AppendLane[known.HasAllPartitions ? 1 : RedisNames.Partitions];
            for (var i = 0; i < lanes.Length; i++)
            {
                lanes[i] = new AppendLane(names, publish, known.IsSharded, options);
            }

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

    /// <returns>Null: there is none, and the next one goes into its lane at once.</returns>
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

    /// <summary>The next one asks again. The first one asked, and gets the error itself.</summary>
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
