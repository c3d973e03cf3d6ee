namespace Notifications.OrderService;

/// <summary>An order that was placed. Its status changes only by a step that <see cref="OrderStatuses.Next"/> allows.</summary>
internal sealed class Order
{
    public required Guid Id { get; init; }
    public required string Owner { get; init; }
    public required string Item { get; init; }
    public required int Quantity { get; init; }
    public OrderStatus Status { get; private set; }

    /// <summary>1 for a new order. Each change adds one. The database compares the version before it writes.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>UTC.</summary>
    public DateTime UpdatedAt { get; private set; }

    public static Order Place(string owner, string item, int quantity, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Owner = owner,
        Item = item,
        Quantity = quantity,
        Status = OrderStatus.Placed,
        CreatedAt = Stored(now),
        UpdatedAt = Stored(now),
    };

    /// <returns>False when the order may not take this step. Then the order is unchanged.</returns>
    public bool TryMoveTo(OrderStatus status, DateTimeOffset now)
    {
        if (!Status.Next().Contains(status))
        {
            return false;
        }

        Status = status;
        Version++;
        UpdatedAt = Stored(now);
        return true;
    }

    // PostgreSQL keeps microseconds. The time is cut to them here, so that the answer to a POST equals what a later GET reads.
    private static DateTime Stored(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);
}
