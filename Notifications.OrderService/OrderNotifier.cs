using Notifications.Messaging;

namespace Notifications.OrderService;

/// <summary>Tells the owner of an order, on the stream <c>user:&lt;owner&gt;</c>, what has become of it.</summary>
internal sealed class OrderNotifier(NotificationPublisher publisher, ILogger<OrderNotifier> logger)
{
    private const string Placed = "ORDER_PLACED";
    private const string Updated = "ORDER_UPDATED";

    /// <summary>
    /// Publishes the change that gave the order its present version, after that version was saved; <paramref name="previous"/>
    /// is the status before, or null for a new order. Never throws: the notification is published or its loss is logged.
    /// </summary>
    public async Task PublishAsync(Order order, OrderStatus? previous)
    {
        var change = new OrderChange(order.Id, order.Item, order.Quantity, order.Status, previous, order.UpdatedAt);
        var notification = Notification.Create(previous is null ? Placed : Updated, change, OrderJson.Default.OrderChange) with
        {
            // The same for every attempt to publish this version, so a repeated one is a duplicate.
            Id = $"{order.Id:N}-{order.Version}",
        };
        try
        {
            // No cancellation: the change is saved, and its owner has to learn of it even if the caller has hung up.
            await publisher.PublishAsync(StreamName.User(order.Owner), notification, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The order is saved, so the call did succeed; only its notification is lost. An outbox, saved with the
            // order and published from there until it succeeds, is what closes this gap.
            Log.NotificationLost(logger, notification.Id, notification.Type, exception);
        }
    }
}
