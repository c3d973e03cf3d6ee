using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Collects acknowledgements and writes the highest one of each device to its cursor in Redis (acknowledge.lua): at an interval, when the device leaves, and at
/// shutdown. So a device that acknowledges a hundred notifications one by one costs one write. A hundred devices cost one call. A device that comes back begins
/// after its cursor, and an escalation up to the cursor of any of its user's devices is dropped.
/// </summary>
internal sealed class AcknowledgementWriter(
    NotificationLog log, IOptions<DeliveryOptions> options, TimeProvider time, RedisFailures failures) : BackgroundService
{
    private readonly Lock _lock = new();
    private Dictionary<(StreamName Stream, DeviceName Device), Position> _pending = [];

    /// <summary>NotificationHub.Acknowledge calls it, through <see cref="ConnectionDelivery"/>.</summary>
    public void Add(StreamName stream, DeviceName device, Position position)
    {
        lock (_lock)
        {
            ref var pending = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, (stream, device), out var exists);
            if (!exists || pending.Epoch != position.Epoch || pending.Offset < position.Offset)
            {
                pending = position;
            }
        }
    }

    /// <summary>Writes the collected acknowledgements of this device in these streams now, because it is leaving.</summary>
    public Task FlushAsync(DeviceName device, IEnumerable<StreamName> streams)
    {
        var taken = new List<Acknowledgement>();
        lock (_lock)
        {
            foreach (var stream in streams)
            {
                if (_pending.Remove((stream, device), out var position))
                {
                    taken.Add(new Acknowledgement(stream, device, position));
                }
            }
        }

        return WriteAsync(taken);
    }

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
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await FlushAsync();
        }
    }

    private Task FlushAsync()
    {
        Dictionary<(StreamName Stream, DeviceName Device), Position> taken;
        lock (_lock)
        {
            // With the same capacity, because about as many acknowledgements come until the next time.
            (taken, _pending) = (_pending, new(_pending.Count));
        }

        return WriteAsync([.. taken.Select(each => new Acknowledgement(each.Key.Stream, each.Key.Device, each.Value))]);
    }

    private async Task WriteAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        foreach (var (acknowledgement, reason) in await log.AcknowledgeAsync(acknowledgements))
        {
            failures.Report(reason, $"An acknowledgement in {acknowledgement.Stream} is not written. It is kept and tried again.");
            lock (_lock)
            {
                // An acknowledgement that came in the meantime is later, also if it is of another epoch. It stays.
                _pending.TryAdd((acknowledgement.Stream, acknowledgement.Device), acknowledgement.Position);
            }
        }
    }
}
