using Notifications.Messaging;
using Notifications.OrderService.Outbox;

namespace Notifications.OrderService;

/// <summary>Notifies the owner of an order about its changes, on the stream <c>user:&lt;owner&gt;</c>.</summary>
internal sealed class OrderNotifier(OrderDb db, OutboxSignal signal, TimeProvider time)
{
    private const string Placed = "ORDER_PLACED";
    private const string Updated = "ORDER_UPDATED";

    /// <summary>
    /// Saves a changed order and its notification in one transaction, so there is never one without the other. This does not use Redis: the
    /// notification is published from the outbox, even if this process ends. It is published once, after the owner's earlier notifications.
    /// </summary>
    /// <param name="order">The order, which the caller has changed in or added to the same <see cref="OrderDb"/>.</param>
    /// <param name="previous">The status before the change. Null for a new order.</param>
    /// <param name="cancellationToken">Cancels the save. It is then unknown whether the order was saved.</param>
    /// <exception cref="Microsoft.EntityFrameworkCore.DbUpdateConcurrencyException">Another request has changed the order. Nothing was saved.</exception>
    public async Task SaveAsync(Order order, OrderStatus? previous, CancellationToken cancellationToken)
    {
        var change = new OrderChange(order.Id, order.Item, order.Quantity, order.Status, previous, order.UpdatedAt);
        var notification = Notification.Create(previous is null ? Placed : Updated, change, OrderJson.Default.OrderChange) with
        {
            // One id for each version, so a repeated publish of it has no effect.
            Id = $"{order.Id:N}-{order.Version}",
            Push = OrderPush.Of(order),
        };
        db.Outbox.Add(OutboxRow.Of(StreamName.User(order.Owner), notification, time.GetUtcNow()));
        await db.SaveChangesAsync(cancellationToken);
        // Wakes OutboxRelay.
        signal.Raise();
    }
}
