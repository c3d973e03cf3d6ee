namespace Notifications.Gateway.Limits;

internal static class LimitsRegistration
{
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LimitOptions>().BindConfiguration(LimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<UserLimits>();
        builder.Services.AddRequestTimeouts();
        builder.AddConnectionLimits();
    }

    /// <summary>Reads the options while services are being registered, for registrations that depend on them. The values are not validated yet.</summary>
    public static LimitOptions ReadLimitOptions(this WebApplicationBuilder builder) =>
        builder.Configuration.GetSection(LimitOptions.Section).Get<LimitOptions>() ?? new();
}
