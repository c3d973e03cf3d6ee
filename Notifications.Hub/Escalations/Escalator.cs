using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Escalations;

/// <summary>
/// Claims due escalations, which publish.lua has scheduled, in this instance's share of the partitions, as many as it can handle at once, and has each handled.
/// A draining instance claims none, and finishes those that it has.
/// </summary>
internal sealed class Escalator(
    EscalationSchedule schedule, EscalationShare share, EscalationHandler handler, IEnumerable<PushProvider> providers, Instance instance,
    IOptions<EscalationOptions> options, HubTelemetry telemetry, TimeProvider time, RedisFailures failures, ILogger<Escalator> logger) : BackgroundService
{
    /// <summary>
    /// How many escalations one call claims at most. It is small, so that two instances that handle the same partition for a moment share its escalations.
    /// </summary>
    private const int Batch = 16;

    private const string NotRead = "Due escalations could not be read. The next poll tries again.";

    private readonly EscalationOptions _options = options.Value;
    private readonly SemaphoreSlim _hands = new(options.Value.InHand);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var provider in providers)
        {
            provider.LogState();
        }

        try
        {
            await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Escalations in hand have the time of one send to finish.
            for (var hand = 0; hand < _options.InHand; hand++)
            {
                await _hands.WaitAsync(CancellationToken.None);
            }
        }
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(_options.PollInterval, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                if (!instance.IsDraining)
                {
                    await TakeAllAsync(stopping);
                }
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                failures.Report(exception, NotRead);
            }
        }
    }

    /// <summary>
    /// Claims the due escalations of all partitions in turn, so that no partition waits until another is empty. It ends when the next look is due.
    /// </summary>
    private async Task TakeAllAsync(CancellationToken stopping)
    {
        var startedAt = time.GetTimestamp();
        var partitions = (await share.PartitionsAsync()).ToArray();
        if (!await schedule.MayHaveAnyAsync(partitions))
        {
            return;
        }

        Random.Shared.Shuffle(partitions);
        var looks = new Queue<(int Number, Task<bool> Occupied)>(partitions.Select(partition => (partition, schedule.IsOccupiedAsync(partition))));
        Exception? failed = null;
        while (looks.TryDequeue(out var look))
        {
            try
            {
                var more = await look.Occupied && await TakeAsync(look.Number, stopping);
                if (more && time.GetElapsedTime(startedAt) < _options.PollInterval)
                {
                    looks.Enqueue(look);
                }
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                // One node of a cluster may be away. The partitions of the other nodes go on.
                failed ??= exception;
            }
        }

        if (failed is not null)
        {
            failures.Report(failed, NotRead);
        }
    }

    /// <returns>True: the partition may have more due escalations.</returns>
    private async Task<bool> TakeAsync(int partition, CancellationToken stopping)
    {
        var hands = await FreeHandsAsync(stopping);
        var taken = 0;
        try
        {
            var claimedAt = time.GetTimestamp();
            var claimed = await schedule.ClaimAsync(partition, _options.Lease, hands);
            foreach (var unreadable in claimed.Unreadable)
            {
                Log.UnreadableEscalation(logger, unreadable);
            }

            foreach (var claim in claimed.Claims)
            {
                telemetry.Claimed(claim.Late);
                taken++;
                _ = HandleAsync(claim, claimedAt, stopping);
            }

            return claimed.Claims.Count + claimed.Unreadable.Count == hands;
        }
        finally
        {
            if (hands > taken)
            {
                _hands.Release(hands - taken);
            }
        }
    }

    private async Task<int> FreeHandsAsync(CancellationToken stopping)
    {
        await _hands.WaitAsync(stopping);
        var hands = 1;
        while (hands < Batch && _hands.Wait(0, CancellationToken.None))
        {
            hands++;
        }

        return hands;
    }

    private async Task HandleAsync(EscalationClaim claim, long claimedAt, CancellationToken stopping)
    {
        try
        {
            await handler.HandleAsync(claim, claimedAt, stopping);
        }
        finally
        {
            _hands.Release();
        }
    }
}
