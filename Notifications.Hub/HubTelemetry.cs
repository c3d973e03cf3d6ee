using System.Diagnostics;
using System.Diagnostics.Metrics;
using Notifications.Messaging;

namespace Notifications.Hubs;

/// <summary>Spans and metrics of the hub.</summary>
internal sealed class HubTelemetry
{
    private const string Name = "Notifications.Hub";
    private static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter;
    private readonly Counter<long> _delivered;
    private readonly Histogram<double> _latency;

    public HubTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _delivered = _meter.CreateCounter<long>("notifications.delivered", "{notification}", "Notifications written to a client's connection.");
        _latency = _meter.CreateHistogram<double>(
            "notifications.latency", "s", "From the publish to the write to the client's connection; of one read from the log, its age.",
            advice: new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300] });
    }

    public void ObserveConnections(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.connections", count, "{connection}", "Open client connections of this instance.");

    public void ObserveStreams(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.streams", count, "{stream}", "Streams that a connection of this instance subscribes to.");

    /// <summary>The hand-over of a live notification to this instance's connections, in the trace of its publisher.</summary>
    public Activity? StartDeliver(StreamName stream, long offset, string? traceParent, int connections)
    {
        if (!ActivityContext.TryParse(traceParent, null, isRemote: true, out var publisher))
        {
            return null;
        }

        var activity = Source.StartActivity("deliver notification", ActivityKind.Consumer, publisher);
        activity?.SetTag("messaging.system", "redis").SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", stream.Value)
            .SetTag("notification.offset", offset)
            .SetTag("notification.connections", connections);
        return activity;
    }

    public void Delivered(TimeSpan latency)
    {
        _delivered.Add(1);
        _latency.Record(latency.TotalSeconds);
    }
}
