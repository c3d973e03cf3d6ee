using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>Counts at an interval what waits in the outbox, for the metrics: they are read at moments when nobody can wait for a database.</summary>
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
            // No value rather than an old one. Once per outage.
            if (_state is not null && !stoppingToken.IsCancellationRequested)
            {
                Log.OutboxNotMeasured(logger, exception);
            }

            _state = null;
        }
    }
}
