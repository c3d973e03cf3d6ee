namespace Notifications.Hubs.Instances;

internal static class InstanceRegistration
{
    public static void AddInstance(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<InstanceOptions>().BindConfiguration(InstanceOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddInstanceRegistry();
        services.AddSingleton<Instance>();
        services.AddSingleton<InstanceReport>();
        services.AddSingleton<InstanceHeartbeat>();
        services.AddHostedService(provider => provider.GetRequiredService<InstanceHeartbeat>());
        services.AddHealthChecks().AddCheck<InstanceHeartbeat>("heartbeat");
        builder.AddDrain<Drain>();
    }
}
