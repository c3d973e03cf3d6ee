using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Compares the end of each stream's log in Redis with the last position that this instance heard. A quiet stream shows no gap, so a message that was lost
/// there is found here. All streams are checked at a slow, steady pace, and at once after the live feed was away.
/// </summary>
internal sealed class PositionCheck(
    StreamRouter router, NotificationLog log, LiveFeed feed, IOptions<DeliveryOptions> options, TimeProvider time, RedisFailures failures, ILogger<PositionCheck> logger)
    : BackgroundService
{
    /// <summary>A round over all streams has so many checks. Each wakes this process and Redis once, for any number of streams.</summary>
    private const int LooksInRound = 30;

    /// <summary>
    /// After the live feed was away, so many streams are checked in each <see cref="RestoredPace"/>. This makes 4,000/s, because 50,000 returning users must
    /// not overload Redis. Busy streams find their gap with the next notification, and the others can wait a few seconds.
    /// </summary>
    private const int RestoredAtOnce = 1_000;

    private static readonly TimeSpan RestoredPace = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _checkingRestored = new(1);
    private ImmutableHashSet<int> _restored = [];

    public override void Dispose()
    {
        _checkingRestored.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        feed.Restored += RestoredAsync;
        using var timer = new PeriodicTimer(options.Value.PositionCheckInterval / LooksInRound, time);
        var due = new Queue<LocalStream>();
        var share = 0d;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (due.Count == 0)
                {
                    // A new round over all streams. The order is random, so that instances do not read the same streams at the same time.
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
            feed.Restored -= RestoredAsync;
        }
    }

    /// <summary>Checks the streams of these partitions. Only one check runs at a time. Partitions that come back during a check are checked after it.</summary>
    private async Task RestoredAsync(IReadOnlySet<int> partitions)
    {
        ImmutableInterlocked.Update(ref _restored, (earlier, more) => earlier.Union(more), partitions);
        await _checkingRestored.WaitAsync();
        try
        {
            // Nothing is left if another check has taken these partitions.
            await CheckRestoredAsync(Interlocked.Exchange(ref _restored, []));
        }
        finally
        {
            _checkingRestored.Release();
        }
    }

    private async Task CheckRestoredAsync(ImmutableHashSet<int> partitions)
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
        // One call after the other, so that other commands can run in between.
        foreach (var some in streams.Chunk(NotificationLog.MaxEndsInCall))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CheckAtOnceAsync(some);
        }
    }

    private async Task CheckAtOnceAsync(LocalStream[] streams)
    {
        var before = streams.ToDictionary(stream => stream.Name, stream => (Stream: stream, stream.Heard));
        foreach (var (name, end, failure) in await log.ReadEndsAsync([.. before.Keys]))
        {
            var (stream, heard) = before[name];
            if (failure is not null)
            {
                failures.Report(failure, $"The position of {name} is not checked. The next round tries again.");
            }
            else if (stream.IsBehind(end, heard))
            {
                Log.FoundBehind(logger, name);
                stream.CatchUp();
            }
        }
    }
}
