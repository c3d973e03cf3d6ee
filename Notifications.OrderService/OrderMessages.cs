using System.Text.Json.Serialization;
using Notifications.Messaging;

namespace Notifications.OrderService;

/// <summary>The body of <c>POST /api/orders</c> before it is checked: every field may be missing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PlaceOrder(string? Item, int? Quantity)
{
    public const int MaxItemLength = 200;
    public const int MaxQuantity = 1_000;

    /// <returns>The errors of each field. Empty when the order can be placed.</returns>
    public Dictionary<string, string[]> Errors()
    {
        var errors = new Dictionary<string, string[]>();
        if (ItemError() is { } itemError)
        {
            errors["item"] = [itemError];
        }

        if (Quantity is not (>= 1 and <= MaxQuantity))
        {
            errors["quantity"] = [$"quantity is {Quantity?.ToString() ?? "missing"}. It has to be a whole number from 1 to {MaxQuantity}."];
        }

        return errors;
    }

    private string? ItemError() => Item switch
    {
        null => $"item is missing. {ItemRule}",
        _ when string.IsNullOrWhiteSpace(Item) => $"item is blank. {ItemRule}",
        { Length: > MaxItemLength } => $"item \"{Item[..20]}…\" has {Item.Length} characters. {ItemRule}",
        _ when Item.FirstOrDefault(char.IsControl, ' ') is var c and not ' ' => $"item has the control character U+{(int)c:X4}. {ItemRule}",
        _ => null,
    };

    private static string ItemRule => $"It has to be a text of 1 to {MaxItemLength} characters without control characters.";
}

/// <summary>The body of <c>PUT /api/orders/{id}/status</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChangeStatus(string? Status);

internal sealed record OrderResponse(
    Guid Id, string Owner, string Item, int Quantity, OrderStatus Status, DateTime CreatedAt, DateTime UpdatedAt)
{
    public static OrderResponse Of(Order order) =>
        new(order.Id, order.Owner, order.Item, order.Quantity, order.Status, order.CreatedAt, order.UpdatedAt);
}

/// <summary>The payload of <c>ORDER_PLACED</c> (without a previous status) and <c>ORDER_UPDATED</c>.</summary>
internal sealed record OrderChange(
    Guid OrderId,
    string Item,
    int Quantity,
    OrderStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OrderStatus? PreviousStatus,
    DateTime UpdatedAt);

/// <summary>The push message that the owner's phones show for a change that the owner did not acknowledge in time.</summary>
internal static class OrderPush
{
    /// <returns>Null for a new order, because its owner has just placed it.</returns>
    public static Push? Of(Order order) => Title(order.Status) is { } title
        ? new Push { Title = title, Body = $"{order.Quantity} × {order.Item}", Data = new Dictionary<string, string> { ["orderId"] = order.Id.ToString() } }
        : null;

    private static string? Title(OrderStatus status) => status switch
    {
        OrderStatus.Paid => "Your payment was received",
        OrderStatus.Shipped => "Your order was shipped",
        OrderStatus.Delivered => "Your order was delivered",
        OrderStatus.Cancelled => "Your order was cancelled",
        _ => null,
    };
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PlaceOrder))]
[JsonSerializable(typeof(ChangeStatus))]
[JsonSerializable(typeof(OrderResponse))]
[JsonSerializable(typeof(OrderResponse[]))]
[JsonSerializable(typeof(OrderChange))]
[JsonSerializable(typeof(Notification))]
internal sealed partial class OrderJson : JsonSerializerContext;
