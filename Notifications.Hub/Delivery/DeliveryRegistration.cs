using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Transport;

namespace Notifications.Hubs.Delivery;

internal static class DeliveryRegistration
{
    public static void AddDelivery(this IServiceCollection services)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SessionTransportOptions>().Configure<IOptions<DeliveryOptions>>((transport, delivery) => transport.SendTimeout = delivery.Value.SendTimeout);
        services.AddSingleton<HubTelemetry>();
        services.AddSingleton<RedisFailures>();
        services.AddSingleton<DeliveryPace>();
        services.AddSingleton<LiveLink>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveLink>());
        services.AddHealthChecks().AddCheck<LiveLink>("live link");
        services.AddSingleton<StreamRouter>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<SubscriptionReader>();
        services.AddHostedService<PositionCheck>();
        services.AddSingleton<ConnectionDeliveries>();
        services.AddSingleton<AcknowledgementWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<AcknowledgementWriter>());
        services.AddSingleton<HubLifetimeManager<NotificationHub>, DeliveringLifetimeManager>();
    }
}
