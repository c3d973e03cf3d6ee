using System.Diagnostics.Metrics;

namespace Notifications.OrderService;

internal sealed class OrderTelemetry
{
    public const string MeterName = "Notifications.OrderService";

    private readonly Counter<long> _changes;

    public OrderTelemetry(IMeterFactory meters)
    {
        _changes = meters.Create(MeterName).CreateCounter<long>(
            "notifications.orders.changes", "{change}", "Orders placed and changed, by the status that they got.");
    }

    public void Changed(OrderStatus status) => _changes.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
}
