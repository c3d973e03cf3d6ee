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
        services.TryAddSingleton(provider => RedisConnections.Of(provider.GetRequiredService<IConnectionMultiplexer>(), connection));
        services.AddNotificationLog();
        services.TryAddSingleton(provider => new NotificationPublisher(
            provider.GetRequiredService<NotificationLog>(),
            provider.GetRequiredService<IOptions<NotificationOptions>>(),
            provider.GetRequiredService<MessagingTelemetry>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Adds <see cref="NotificationLog"/>, for a service that reads streams.</summary>
    internal static IServiceCollection AddNotificationLog(this IServiceCollection services)
    {
        services.AddRedisNames();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MessagingTelemetry>();
        services.TryAddSingleton<LiveChannels>();
        services.TryAddSingleton(provider => RedisConnections.Of(provider.GetRequiredService<IConnectionMultiplexer>(), options: null));
        services.TryAddSingleton<NotificationLog>();
        return services;
    }

    /// <summary>Adds <see cref="EscalationSchedule"/> and <see cref="PhoneRegistry"/>, for the hubs.</summary>
    internal static IServiceCollection AddEscalations(this IServiceCollection services)
    {
        services.AddNotificationLog();
        services.TryAddSingleton<EscalationSchedule>();
        services.TryAddSingleton<PhoneRegistry>();
        return services;
    }

    /// <summary>Adds <see cref="RevocationStore"/>, for the hubs.</summary>
    internal static IServiceCollection AddRevocations(this IServiceCollection services)
    {
        services.AddRedisNames();
        services.TryAddSingleton<RevocationStore>();
        return services;
    }

    /// <summary>Adds <see cref="UserInspector"/>, for the hubs.</summary>
    internal static IServiceCollection AddUserInspector(this IServiceCollection services)
    {
        services.AddRedisNames();
        services.TryAddSingleton<UserInspector>();
        return services;
    }

    /// <summary>Adds <see cref="InstanceRegistry"/>, for the hubs, which enter themselves, and the gateways, which read it.</summary>
    internal static IServiceCollection AddInstanceRegistry(this IServiceCollection services)
    {
        services.AddRedisNames();
        services.TryAddSingleton<InstanceRegistry>();
        return services;
    }

    /// <summary>Adds <see cref="RedisNames"/> and its options once. A second validator would report the same error again.</summary>
    private static void AddRedisNames(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(RedisNames)))
        {
            return;
        }

        services.AddOptions<NotificationOptions>()
            .BindConfiguration(NotificationOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<RedisNames>();
    }
}
