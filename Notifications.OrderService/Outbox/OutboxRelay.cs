using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>
/// Publishes what stands in the outbox: at least once to Redis, which takes an id once; in order per stream; at once after a
/// change in this process. This loop alone talks to the database, for all streams together, while each stream is published by a
/// task of its own: one that Redis is slow to take holds up no other.
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
            // Jitter, so that replicas do not look in step.
            var pause = options.Value.PollInterval * (0.75 + Random.Shared.NextDouble() / 2);
            // A failing database is left alone for that long, whatever requests have to say.
            var wait = await TryTurnAsync(stoppingToken) ? signal.WaitAsync(pause, stoppingToken) : Task.Delay(pause, time, stoppingToken);
            await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await FinishAsync();
    }

    /// <returns>False if the database failed.</returns>
    private async Task<bool> TryTurnAsync(CancellationToken stoppingToken)
    {
        try
        {
            // In this order: a row that came in while this process had its stream, and that another replica therefore left
            // alone, is found here after the stream was let go.
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
            // Once per outage.
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
            // One whose claim expired while it is still at it has just got a new one; it must not be at it twice.
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

    /// <summary>Gives the streams back at once, where another replica would have to wait for the claims to expire.</summary>
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
