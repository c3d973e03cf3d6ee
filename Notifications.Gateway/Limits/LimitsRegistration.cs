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

    /// <summary>The options while services are still being registered, for what depends on them.</summary>
    public static LimitOptions ReadLimitOptions(this WebApplicationBuilder builder) =>
        builder.Configuration.GetSection(LimitOptions.Section).Get<LimitOptions>() ?? new();
}
