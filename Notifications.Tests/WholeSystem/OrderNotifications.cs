namespace Notifications.Tests.WholeSystem;

internal static class OrderNotifications
{
    public static string Order(this ReceivedNotification notification) => notification.Payload.GetProperty("orderId").GetString()!;

    public static string Status(this ReceivedNotification notification) => notification.Payload.GetProperty("status").GetString()!;
}
