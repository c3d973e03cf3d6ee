using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>Counts the rows in the outbox at an interval, for the metrics. A gauge can't wait for the database when it is read.</summary>
internal sealed class OutboxGauges(
    OutboxTable table, OrderTelemetry telemetry, IOptions<OutboxOptions> options, TimeProvider time, ILogger<OutboxGauges> logger)
    : BackgroundService
{
    private volatile OutboxState? _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.ObserveOutbox(() => _state, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            await MeasureAsync(stoppingToken);
            await Task.Delay(options.Value.MeasureInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MeasureAsync(CancellationToken stoppingToken)
    {
        try
        {
            _state = await table.MeasureAsync(stoppingToken);
        }
        catch (Exception exception)
        {
            // The metrics have no value rather than an old value. Logged once for each outage.
            if (_state is not null && !stoppingToken.IsCancellationRequested)
            {
                Log.OutboxNotMeasured(logger, exception);
            }

            _state = null;
        }
    }
}
