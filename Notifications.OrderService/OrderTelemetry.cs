using System.Diagnostics;
using System.Diagnostics.Metrics;
using Notifications.OrderService.Outbox;

namespace Notifications.OrderService;

internal sealed class OrderTelemetry
{
    private const string Name = "Notifications.OrderService";
    private static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _relayed;

    public OrderTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _changes = _meter.CreateCounter<long>(
            "notifications.orders.changes", "{change}", "Orders placed and changed, by their new status.");
        _relayed = _meter.CreateCounter<long>(
            "notifications.outbox.relayed", "{notification}", "Notifications relayed from the outbox to Redis, by whether Redis had them already (duplicate).");
    }

    public void Changed(OrderStatus status) => _changes.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));

    /// <summary>Starts the span of one notification's relay, in the trace of the request that caused it. The request may have ended long before.</summary>
    public Activity? StartRelay(OutboxRow row)
    {
        // Marked as remote, though it was this program: otherwise a decision not to record the request's trace would not apply here.
        ActivityContext.TryParse(row.TraceParent, row.TraceState, isRemote: true, out var request);
        var activity = Source.StartActivity("relay notification", ActivityKind.Internal, request);
        activity?.SetTag("messaging.destination.name", row.Stream).SetTag("messaging.message.id", row.Id);
        return activity;
    }

    public void Relayed(bool duplicate) => _relayed.Add(1, new KeyValuePair<string, object?>("duplicate", duplicate));

    /// <summary>Adds gauges of the outbox. They must not be summed up over replicas, because all replicas report the same table.</summary>
    public void ObserveOutbox(Func<OutboxState?> state, TimeProvider time)
    {
        _meter.CreateObservableGauge("notifications.outbox.depth", Measure(current => current.Waiting), "{notification}", "Notifications that wait to be relayed.");
        _meter.CreateObservableGauge("notifications.outbox.age", Measure(Age), "s", "Time that the oldest waiting notification has waited; 0 without one.");
        _meter.CreateObservableGauge("notifications.outbox.refused", Measure(current => current.Refused), "{notification}", "Notifications that can't be published and were moved to OutboxRefused.");

        double Age(OutboxState current) => current.OldestAt is { } at ? Math.Max(0, (time.GetUtcNow().UtcDateTime - at).TotalSeconds) : 0;

        Func<IEnumerable<Measurement<T>>> Measure<T>(Func<OutboxState, T> value) where T : struct =>
            () => state() is { } current ? [new Measurement<T>(value(current))] : [];
    }
}
