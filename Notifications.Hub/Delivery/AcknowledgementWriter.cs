using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Collects acknowledgements and writes the highest of each device at an interval, when the device leaves, and at shutdown: a device that acknowledges a
/// hundred notifications one by one costs one write.
/// </summary>
internal sealed class AcknowledgementWriter(
    NotificationLog log, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<AcknowledgementWriter> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<(StreamName Stream, DeviceName Device), Position> _pending = new();

    public void Add(StreamName stream, DeviceName device, Position position) =>
        _pending.AddOrUpdate(
            (stream, device),
            position,
            (_, pending) => pending.Epoch == position.Epoch && pending.Offset >= position.Offset ? pending : position);

    /// <summary>Writes what this device acknowledged in these streams now: it is leaving.</summary>
    public Task FlushAsync(DeviceName device, IEnumerable<StreamName> streams) =>
        Task.WhenAll(streams.Select(stream => WriteAsync((stream, device))));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.AcknowledgeInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
            await FlushAsync();
        }
    }

    private Task FlushAsync() => Task.WhenAll(_pending.Keys.Select(WriteAsync));

    private async Task WriteAsync((StreamName Stream, DeviceName Device) key)
    {
        if (!_pending.TryRemove(key, out var position))
        {
            return;
        }

        try
        {
            await log.AcknowledgeAsync(key.Stream, key.Device, position);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Log.AcknowledgementNotWritten(logger, key.Stream, exception);
            Add(key.Stream, key.Device, position);
        }
    }
}
