using Microsoft.Extensions.Options;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Compares where each stream stands in Redis with what this instance heard of it. A quiet stream shows no gap, so a message
/// lost there is found here: at a slow steady pace, and at once when the live link was away.
/// </summary>
internal sealed class PositionCheck(
    StreamRouter router, NotificationLog log, LiveLink link, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<PositionCheck> logger)
    : BackgroundService
{
    /// <summary>Reads at once, however many streams there are: 50,000 returning users must not stampede Redis.</summary>
    private const int Concurrency = 16;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Of the streams that may have missed something while the live link was away, so many are checked in a tick: 4,000/s. Busy
    /// ones find their gap with the next notification, and the others can wait the few seconds.
    /// </summary>
    private const int RestoredInTick = 1_000;

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
        using var timer = new PeriodicTimer(Tick, time);
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
                    share = streams.Length * (Tick / options.Value.PositionCheckInterval);
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
        foreach (var some in streams.Chunk(RestoredInTick))
        {
            var tick = Task.Delay(Tick, time);
            await CheckAsync(some, default);
            await tick;
        }
    }

    private Task CheckAsync(IReadOnlyCollection<LocalStream> streams, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(streams, Parallelism(cancellationToken), async (stream, _) =>
        {
            try
            {
                var before = stream.Heard;
                var end = await log.ReadEndAsync(stream.Name);
                if (stream.IsBehind(end.End, before))
                {
                    Log.LossFound(logger, stream.Name);
                    stream.CatchUp();
                }
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                Log.PositionNotChecked(logger, stream.Name, exception);
            }
        });

    private static ParallelOptions Parallelism(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
}
