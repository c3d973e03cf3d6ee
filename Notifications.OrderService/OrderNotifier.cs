using Notifications.Messaging;
using Notifications.OrderService.Outbox;

namespace Notifications.OrderService;

/// <summary>Tells the owner of an order, on the stream <c>user:&lt;owner&gt;</c>, what has become of it.</summary>
internal sealed class OrderNotifier(OrderDb db, OutboxSignal outbox, TimeProvider time)
{
    private const string Placed = "ORDER_PLACED";
    private const string Updated = "ORDER_UPDATED";

    /// <summary>
    /// Saves the change that gave the order its present version and, in the same transaction, the notification of it: there is
    /// never one without the other. Redis is not asked; from the outbox the notification is published once, after those that the
    /// same owner was due before, whatever becomes of this process.
    /// </summary>
    /// <param name="order">Changed in, or added to, this notifier's context.</param>
    /// <param name="previous">The status before, or null for a new order.</param>
    /// <param name="cancellationToken">Ends the saving; whether it was saved is then open.</param>
    /// <exception cref="Microsoft.EntityFrameworkCore.DbUpdateConcurrencyException">Somebody else changed it meanwhile; nothing was saved.</exception>
    public async Task SaveAsync(Order order, OrderStatus? previous, CancellationToken cancellationToken)
    {
        var change = new OrderChange(order.Id, order.Item, order.Quantity, order.Status, previous, order.UpdatedAt);
        var notification = Notification.Create(previous is null ? Placed : Updated, change, OrderJson.Default.OrderChange) with
        {
            // One per version, so that whoever publishes it again changes nothing.
            Id = $"{order.Id:N}-{order.Version}",
            Push = OrderPush.Of(order),
        };
        db.Outbox.Add(OutboxRow.Of(StreamName.User(order.Owner), notification, time.GetUtcNow()));
        await db.SaveChangesAsync(cancellationToken);
        outbox.Raise();
    }
}
