using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Instances;

/// <summary>The report of this instance about itself, from values that it counts anyway.</summary>
internal sealed class InstanceReport(Instance instance, LiveFeed feed, ConnectionDeliveries deliveries, StreamRouter router, DeliveryPace pace)
{
    public HubStatus Read(DateTimeOffset startedAt, TimeSpan? redis)
    {
        var lately = pace.Read();
        return new HubStatus
        {
            State = instance.IsStopping ? HubState.Stopping
                : instance.IsDrained ? HubState.Drained
                : feed.Hears ? HubState.Serving
                : HubState.Deaf,
            StartedAt = startedAt,
            Connections = deliveries.Count,
            Streams = router.Count,
            DeliveredPerSecond = Math.Round(lately.PerSecond, 1),
            LagP99Ms = lately.LagP99?.TotalMilliseconds,
            LagMaxMs = lately.LagMax?.TotalMilliseconds,
            RedisMs = redis is { } took ? Math.Round(took.TotalMilliseconds, 1) : null,
        };
    }
}
