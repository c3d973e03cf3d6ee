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
}
