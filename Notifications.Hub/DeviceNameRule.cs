using Notifications.Hubs.Delivery;

namespace Notifications.Hubs;

internal static class DeviceNameRule
{
    /// <summary>Refuses a connection with an invalid device name before it exists: 400 with the rule.</summary>
    public static void UseDeviceNameRule(this WebApplication app) => app.Use((context, next) =>
    {
        var device = context.Request.Path.StartsWithSegments(HubRegistration.Path) ? context.Request.Query[ConnectionDelivery.DeviceQuery].ToString() : "";
        return device.Length > 0 && IdRule.Refusal("device name", device) is { } refusal ? refusal.ExecuteAsync(context) : next(context);
    });
}
