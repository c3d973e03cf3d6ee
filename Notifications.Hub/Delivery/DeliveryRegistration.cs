namespace Notifications.Hubs.Delivery;

internal static class DeliveryRegistration
{
    /// <param name="services">They have the log (<c>AddNotificationLog</c>) and a connection to Redis.</param>
    /// <param name="instance">Returns the id of this hub instance.</param>
    public static void AddDelivery(this IServiceCollection services, Func<IServiceProvider, string> instance)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SubscriptionLimitOptions>().BindConfiguration(SubscriptionLimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<UnusedTopicLimit>();
        services.AddSingleton<DeliveryTelemetry>();
        services.AddSingleton<RedisFailures>();
        services.AddSingleton<DeliveryPace>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LiveFeed>(provider, instance(provider)));
        services.AddHostedService(provider => provider.GetRequiredService<LiveFeed>());
        services.AddHealthChecks().AddCheck<LiveFeed>("live feed");
        services.AddSingleton<StreamRouter>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<SubscriptionReader>();
        services.AddHostedService<PositionCheck>();
        services.AddSingleton<ConnectionDeliveries>();
        services.AddSingleton<AcknowledgementWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<AcknowledgementWriter>());
    }
}
