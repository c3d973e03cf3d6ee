using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>
/// Publishes the rows of the outbox to Redis, in the order of each stream, and at once after a change in this process. Each row is sent at least
/// once, and Redis takes each id only once. This loop alone claims and settles rows, for all streams together. Each stream is published by a task
/// of its own (<see cref="StreamSender"/>), so a slow stream does not delay the others.
/// </summary>
internal sealed class OutboxRelay(
    OutboxTable table, StreamSender sender, OutboxSignal signal, IOptions<OutboxOptions> options, TimeProvider time, ILogger<OutboxRelay> logger)
    : BackgroundService
{
    private readonly Dictionary<string, Task> _sending = [];
    private readonly ConcurrentQueue<StreamOutcome> _finished = new();
    private readonly List<StreamOutcome> _unsettled = [];
    private bool _isFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Jitter, so that replicas do not look at the same time.
            var pause = options.Value.PollInterval * (0.75 + Random.Shared.NextDouble() / 2);
            // After a failure of the database, signals are ignored for this time.
            var wait = await TryTurnAsync(stoppingToken) ? signal.WaitAsync(pause, stoppingToken) : Task.Delay(pause, time, stoppingToken);
            await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await FinishAsync();
    }

    /// <returns>False when the database failed.</returns>
    private async Task<bool> TryTurnAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Settle before the claim: another replica may have added a row while this process had the stream, and could not
            // claim the stream. Once the stream is free, the next claim finds that row.
            await SettleAsync();
            await SendNextAsync(stoppingToken);
            if (_isFailing)
            {
                _isFailing = false;
                Log.OutboxIsBack(logger);
            }

            return true;
        }
        catch (Exception exception)
        {
            // Logged once for each outage.
            if (!_isFailing && !stoppingToken.IsCancellationRequested)
            {
                _isFailing = true;
                Log.OutboxUnreachable(logger, exception);
            }

            return false;
        }
    }

    private async Task SettleAsync()
    {
        while (_finished.TryDequeue(out var outcome))
        {
            _sending.Remove(outcome.Stream);
            _unsettled.Add(outcome);
        }

        if (_unsettled.Count > 0)
        {
            await table.SettleAsync(_unsettled);
            _unsettled.Clear();
        }
    }

    private async Task SendNextAsync(CancellationToken stoppingToken)
    {
        var free = options.Value.Concurrency - _sending.Count;
        if (free == 0)
        {
            return;
        }

        foreach (var claimed in await table.ClaimAsync(free, stoppingToken))
        {
            // A stream may still be in work when its claim has expired and was renewed here. It must not be in work twice.
            if (!_sending.ContainsKey(claimed.Stream))
            {
                _sending[claimed.Stream] = SendAsync(claimed, stoppingToken);
            }
        }
    }

    private async Task SendAsync(ClaimedStream claimed, CancellationToken stoppingToken)
    {
        _finished.Enqueue(await sender.SendAsync(claimed, stoppingToken));
        signal.Raise();
    }

    /// <summary>Frees the claimed streams at the stop. Otherwise other replicas would have to wait until the claims expire.</summary>
    private async Task FinishAsync()
    {
        try
        {
            await Task.WhenAll(_sending.Values);
            await SettleAsync();
        }
        catch (Exception exception)
        {
            Log.OutboxNotSettled(logger, exception);
        }
    }
}
