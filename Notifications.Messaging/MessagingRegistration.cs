using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Log;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>Registers what a service needs. Each wants an <see cref="IConnectionMultiplexer"/> in the container.</summary>
public static class MessagingRegistration
{
    /// <summary>Adds <see cref="NotificationPublisher"/>, for a service that tells users something.</summary>
    /// <param name="services">Of the service, with its <see cref="IConnectionMultiplexer"/>.</param>
    /// <param name="connection">
    /// The options that this connection was made with. Only <see cref="NotificationOptions.WaitForReplicas"/> needs them, which opens another one, and
    /// only where they have what no connection string says, such as <see cref="ConfigurationOptions.TrustIssuer(string)"/>.
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

    /// <summary>Adds <see cref="InstanceRegistry"/>, for the hubs that enter themselves and the gateways that read it.</summary>
    internal static IServiceCollection AddInstanceRegistry(this IServiceCollection services)
    {
        services.AddRedisNames();
        services.TryAddSingleton<InstanceRegistry>();
        return services;
    }

    /// <summary>Adds <see cref="RedisNames"/> and the options that they are made of, once: each validator more would say the same error again.</summary>
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
