using System.Text.Json.Serialization;

namespace Notifications.OrderService;

/// <summary>The status of an order. It is sent and stored by name.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrderStatus>))]
internal enum OrderStatus
{
    Placed,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

/// <summary>The steps that an order may take. No other code of the service knows them.</summary>
internal static class OrderStatuses
{
    public static IReadOnlyList<OrderStatus> Next(this OrderStatus status) => status switch
    {
        OrderStatus.Placed => [OrderStatus.Paid, OrderStatus.Cancelled],
        OrderStatus.Paid => [OrderStatus.Shipped, OrderStatus.Cancelled],
        OrderStatus.Shipped => [OrderStatus.Delivered],
        OrderStatus.Delivered or OrderStatus.Cancelled => [],
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "This is no order status."),
    };

    /// <summary>
    /// Finds a status by its name, in upper or lower case. Null when there is none. Unlike
    /// <see cref="Enum.TryParse{TEnum}(string, bool, out TEnum)"/>, it accepts no numbers.
    /// </summary>
    public static OrderStatus? Parse(string? name) => Enum.GetValues<OrderStatus>().Cast<OrderStatus?>()
        .FirstOrDefault(status => string.Equals(status.ToString(), name, StringComparison.OrdinalIgnoreCase));
}
