using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Log;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>Registers what a service needs. Each method needs an <see cref="IConnectionMultiplexer"/> in the container.</summary>
public static class MessagingRegistration
{
    /// <summary>Adds <see cref="NotificationPublisher"/>, for a service that publishes.</summary>
    /// <param name="services">The services, with an <see cref="IConnectionMultiplexer"/>.</param>
    /// <param name="connection">
    /// The options with which this connection was made. Only <see cref="NotificationOptions.WaitForReplicas"/> needs them, because it opens another connection.
    /// They are needed only if they have a setting that no connection string has, such as <see cref="ConfigurationOptions.TrustIssuer(string)"/>.
    /// </param>
    public static IServiceCollection AddNotificationPublisher(this IServiceCollection services, ConfigurationOptions? connection = null)
    {
        services.AddNotificationLog(connection);
        services.TryAddSingleton(provider => new NotificationPublisher(
            provider.GetRequiredService<NotificationLog>(),
            provider.GetRequiredService<IOptions<NotificationOptions>>(),
            provider.GetRequiredService<MessagingTelemetry>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Adds <see cref="NotificationLog"/>, for a service that reads streams.</summary>
    internal static IServiceCollection AddNotificationLog(this IServiceCollection services, ConfigurationOptions? connection = null)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MessagingTelemetry>();
        services.TryAddSingleton<LiveChannels>();
        services.TryAddSingleton(provider => RedisConnections.Of(provider.GetRequiredService<IConnectionMultiplexer>(), connection));
        return services.AddWithNames<NotificationLog>();
    }

    /// <summary>Adds <see cref="EscalationSchedule"/> and <see cref="PhoneRegistry"/>, for the hubs.</summary>
    internal static IServiceCollection AddEscalations(this IServiceCollection services) =>
        services.AddNotificationLog().AddWithNames<EscalationSchedule>().AddWithNames<PhoneRegistry>();

    /// <summary>Adds <see cref="RevocationStore"/>, for the hubs.</summary>
    internal static IServiceCollection AddRevocations(this IServiceCollection services) => services.AddWithNames<RevocationStore>();

    /// <summary>Adds <see cref="UserInspector"/>, for the hubs.</summary>
    internal static IServiceCollection AddUserInspector(this IServiceCollection services) => services.AddWithNames<UserInspector>();

    /// <summary>Adds <see cref="InstanceRegistry"/>, for the hubs, which enter themselves, and the gateways, which read it.</summary>
    internal static IServiceCollection AddInstanceRegistry(this IServiceCollection services) => services.AddWithNames<InstanceRegistry>();

    /// <summary>Adds the service, and <see cref="RedisNames"/> with its options.</summary>
    private static IServiceCollection AddWithNames<TService>(this IServiceCollection services) where TService : class
    {
        services.TryAddSingleton<TService>();
        if (services.Any(service => service.ServiceType == typeof(RedisNames)))
        {
            // A second validator of the options would report the same error again.
            return services;
        }

        services.AddOptions<NotificationOptions>()
            .BindConfiguration(NotificationOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        return services.AddSingleton<RedisNames>();
    }
}
