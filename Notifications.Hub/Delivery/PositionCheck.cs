using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Compares where each stream stands in Redis with what this instance heard of it. A quiet stream shows no gap, so a message
/// lost there is found here: at a slow steady pace, and at once when the live link was away.
/// </summary>
internal sealed class PositionCheck(
    StreamRouter router, NotificationLog log, LiveLink link, IOptions<DeliveryOptions> options, TimeProvider time, RedisFailures failures, ILogger<PositionCheck> logger)
    : BackgroundService
{
    /// <summary>A round over all streams takes so many looks: each wakes this process and Redis once, however many streams it is for.</summary>
    private const int LooksInRound = 30;

    /// <summary>
    /// Of the streams that may have missed something while the live link was away, so many are checked each <see cref="RestoredPace"/>: 4,000/s, as
    /// 50,000 returning users must not stampede Redis. Busy ones find their gap with the next notification, and the others can wait the few seconds.
    /// </summary>
    private const int RestoredAtOnce = 1_000;

    private static readonly TimeSpan RestoredPace = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _checkingRestored = new(1);
    private readonly HashSet<int> _restored = [];

    public override void Dispose()
    {
        _checkingRestored.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        link.Restored += RestoredAsync;
        using var timer = new PeriodicTimer(options.Value.PositionCheckInterval / LooksInRound, time);
        var due = new Queue<LocalStream>();
        var share = 0d;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (due.Count == 0)
                {
                    // A new round over all streams, in an order of its own, so that instances do not read the same at once.
                    var streams = router.Streams.ToArray();
                    Random.Shared.Shuffle(streams);
                    due = new Queue<LocalStream>(streams);
                    share = (double)streams.Length / LooksInRound;
                }

                var count = Math.Min(due.Count, (int)share + (Random.Shared.NextDouble() < share % 1 ? 1 : 0));
                await CheckAsync([.. Enumerable.Range(0, count).Select(_ => due.Dequeue())], stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            link.Restored -= RestoredAsync;
        }
    }

    /// <summary>However often the link comes and goes, one check at a time: what comes back meanwhile is checked after it.</summary>
    private async Task RestoredAsync(IReadOnlySet<int> partitions)
    {
        lock (_restored)
        {
            _restored.UnionWith(partitions);
        }

        await _checkingRestored.WaitAsync();
        try
        {
            await CheckRestoredAsync(TakeRestored());
        }
        finally
        {
            _checkingRestored.Release();
        }
    }

    /// <summary>All that came back until now; nothing, if another has taken it.</summary>
    private HashSet<int> TakeRestored()
    {
        lock (_restored)
        {
            HashSet<int> taken = [.. _restored];
            _restored.Clear();
            return taken;
        }
    }

    private async Task CheckRestoredAsync(HashSet<int> partitions)
    {
        var streams = router.Streams.Where(stream => partitions.Contains(RedisNames.Partition(stream.Name))).ToArray();
        Random.Shared.Shuffle(streams);
        foreach (var some in streams.Chunk(RestoredAtOnce))
        {
            var pause = Task.Delay(RestoredPace, time);
            await CheckAsync(some, default);
            await pause;
        }
    }

    private async Task CheckAsync(LocalStream[] streams, CancellationToken cancellationToken)
    {
        // One call after the other: others' commands come in between.
        foreach (var some in streams.Chunk(NotificationLog.MaxEndsInCall))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CheckAtOnceAsync(some);
        }
    }

    private async Task CheckAtOnceAsync(LocalStream[] streams)
    {
        var before = streams.ToDictionary(stream => stream.Name, stream => (Stream: stream, stream.Heard));
        foreach (var end in await log.ReadEndsAsync([.. before.Keys]))
        {
            var (stream, heard) = before[end.Stream];
            if (end.Failure is { } failure)
            {
                failures.Report(failure, $"The position of {stream.Name} is not checked. The next round tries again.");
            }
            else if (stream.IsBehind(end.End, heard))
            {
                Log.FoundBehind(logger, stream.Name);
                stream.CatchUp();
            }
        }
    }
}
