namespace Notifications.Hubs;

internal static class DeviceNameRule
{
    public const string Query = "device";

    /// <summary>Refuses a connection whose device name could not be kept, before it exists: 400 with the rule.</summary>
    public static void UseDeviceNameRule(this WebApplication app) => app.Use((context, next) =>
    {
        var device = context.Request.Path.StartsWithSegments(HubRegistration.Path) ? context.Request.Query[Query].ToString() : "";
        return device.Length == 0 || StreamName.IsValidId(device)
            ? next(context)
            : TypedResults.Problem(
                $"The device name has {device.Length} characters or one that is not allowed. It takes 1 to {StreamName.MaxIdLength} out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
                statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context);
    });
}
