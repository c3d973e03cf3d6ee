using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Notifications.Hubs.Delivery;

/// <summary>Spans and metrics of delivery, and the count of what a limit refused.</summary>
internal sealed class DeliveryTelemetry
{
    /// <summary>The name of the hub's meter and of its activity source.</summary>
    public const string Name = "Notifications.Hub";

    public static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter;
    private readonly Counter<long> _delivered;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _refused;

    public DeliveryTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _delivered = _meter.CreateCounter<long>("notifications.delivered", "{notification}", "Notifications written to a client's connection.");
        _latency = _meter.CreateHistogram<double>(
            "notifications.latency", "s", "Time from the publish to the write to the client's connection, also of notifications that are read from the log.",
            advice: new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300] });
        _refused = _meter.CreateCounter<long>("notifications.refused", "{request}", "Calls, messages and requests that a limit refused, by limit.");
    }

    public void ObserveConnections(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.connections", count, "{connection}", "Open connections of this instance to NotificationHub.");

    public void ObserveStreams(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.streams", count, "{stream}", "Streams with a subscription on this instance.");

    public void ObserveLag(Func<TimeSpan?> p99) =>
        _meter.CreateObservableGauge(
            "notifications.lag",
            () => p99() is { } lag ? [new Measurement<double>(lag.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "p99 of the time from publish to write, of the last seconds. Counts notifications published after their connection subscribed.");

    public void ObserveLiveFeed(Func<bool> hears) =>
        _meter.CreateObservableGauge("notifications.live_feed", () => hears() ? 1 : 0, description: "1 while this instance hears new notifications over Redis, else 0.");

    /// <summary>Starts the span of handing a live notification to this instance's connections, in the trace of its publisher.</summary>
    public Activity? StartDeliver(StreamName stream, long offset, string? traceParent, int connections) =>
        StartProcess("deliver notification", stream, offset, traceParent)?.SetTag("notification.connections", connections);

    public void Delivered(TimeSpan latency)
    {
        _delivered.Add(1);
        _latency.Record(latency.TotalSeconds);
    }

    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>Starts the span of work on a notification, in the trace of its publisher. Null when the publisher was not traced.</summary>
    public static Activity? StartProcess(string name, StreamName stream, long offset, string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var publisher)
            ? Source.StartActivity(name, ActivityKind.Consumer, publisher)?
                .SetTag("messaging.system", "redis").SetTag("messaging.operation.type", "process")
                .SetTag("messaging.destination.name", stream.Value)
                .SetTag("notification.offset", offset)
            : null;
}
