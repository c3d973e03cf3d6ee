using System.Text.Json;
using Microsoft.Extensions.Options;
using Notifications.Messaging;

namespace Notifications.OrderService.Outbox;

/// <summary>Publishes a claimed stream's rows.</summary>
internal sealed class StreamSender(
    NotificationPublisher publisher, OrderTelemetry telemetry, IOptions<OutboxOptions> options, TimeProvider time, ILogger<StreamSender> logger)
{
    private readonly OutboxOptions _options = options.Value;
    private int _isAway;

    /// <summary>
    /// Publishes one row after the other, each when Redis has the one before it, and stops at the first that Redis does not take:
    /// so the stream's order stays. Never throws. Told to stop it ends after the row that it is at.
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
                // What the publisher refuses before it asks Redis, it will refuse each time.
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
        // No cancellation: it would give up the answer and not the command, and the row would be published again.
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

    /// <summary>Once per outage: every stream with something to say fails, again and again.</summary>
    private void LogAway(OutboxRow row, Exception exception)
    {
        if (Interlocked.Exchange(ref _isAway, 1) == 0)
        {
            Log.RedisIsAway(logger, row.Id, row.Stream, exception);
        }
    }

    /// <summary>Anything up to a bound that doubles: streams, and replicas, that failed at the same moment come back spread over time.</summary>
    private TimeSpan Delay(int failures)
    {
        var bound = _options.MinRetryDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        return (bound < _options.MaxRetryDelay ? bound : _options.MaxRetryDelay) * Random.Shared.NextDouble();
    }
}
