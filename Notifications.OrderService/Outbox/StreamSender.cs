using System.Text.Json;
using Microsoft.Extensions.Options;
using Notifications.Messaging;

namespace Notifications.OrderService.Outbox;

/// <summary>Publishes the claimed rows of one stream, one after the other, through <see cref="NotificationPublisher"/>.</summary>
internal sealed class StreamSender(
    NotificationPublisher publisher, OrderTelemetry telemetry, IOptions<OutboxOptions> options, TimeProvider time, ILogger<StreamSender> logger)
{
    private readonly OutboxOptions _options = options.Value;
    private int _isAway;

    /// <summary>
    /// Publishes one row after the other. Each row waits until Redis has the row before it, and the first row that Redis does not take ends the
    /// work. So the stream's order is kept. Never throws. When the service stops, the work ends after the present row.
    /// </summary>
    public async Task<StreamOutcome> SendAsync(ClaimedStream claimed, CancellationToken stopping)
    {
        var sent = new List<long>();
        var refused = new List<Refusal>();
        foreach (var row in claimed.Rows)
        {
            if (stopping.IsCancellationRequested || time.GetElapsedTime(claimed.ClaimedAt) > _options.SendWindow)
            {
                break;
            }

            try
            {
                await PublishAsync(row);
                sent.Add(row.Sequence);
            }
            catch (Exception exception) when (exception is ArgumentException or JsonException)
            {
                // The publisher refuses such a row before it calls Redis, so it will refuse it every time.
                Log.NotificationRefused(logger, row.Id, row.Stream, exception);
                refused.Add(new Refusal(row.Sequence, exception.Message));
            }
            catch (Exception exception)
            {
                LogAway(row, exception);
                var failures = sent.Count > 0 ? 1 : claimed.Failures + 1;
                return new StreamOutcome(claimed.Stream, sent, refused, new Rest(Delay(failures), failures));
            }
        }

        return new StreamOutcome(claimed.Stream, sent, refused, Rest: null);
    }

    private async Task PublishAsync(OutboxRow row)
    {
        using var activity = telemetry.StartRelay(row);
        // Not cancelled: that would drop the answer but not the command, and the row would be published again.
        var result = await publisher.PublishAsync(StreamName.Parse(row.Stream), row.ReadNotification(), CancellationToken.None);
        telemetry.Relayed(result.Duplicate);
        if (result.Duplicate)
        {
            Log.AlreadyPublished(logger, row.Id, row.Stream);
        }

        if (Interlocked.Exchange(ref _isAway, 0) == 1)
        {
            Log.RedisIsBack(logger);
        }
    }

    /// <summary>Logs once for each outage, because every stream with waiting rows fails again and again.</summary>
    private void LogAway(OutboxRow row, Exception exception)
    {
        if (Interlocked.Exchange(ref _isAway, 1) == 0)
        {
            Log.RedisIsAway(logger, row.Id, row.Stream, exception);
        }
    }

    /// <summary>Returns a random time up to a bound that doubles. So streams and replicas that failed at the same moment try again spread over time.</summary>
    private TimeSpan Delay(int failures)
    {
        var bound = _options.MinRetryDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        return (bound < _options.MaxRetryDelay ? bound : _options.MaxRetryDelay) * Random.Shared.NextDouble();
    }
}
