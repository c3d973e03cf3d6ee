using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>Registers what a service needs. Each wants an <see cref="IConnectionMultiplexer"/> in the container.</summary>
public static class MessagingRegistration
{
    /// <summary>Adds <see cref="NotificationPublisher"/>, for a service that tells users something.</summary>
    public static IServiceCollection AddNotificationPublisher(this IServiceCollection services)
    {
        services.AddNotificationLog();
        services.TryAddSingleton<NotificationPublisher>();
        return services;
    }

    /// <summary>Adds <see cref="NotificationLog"/>, for a service that reads streams.</summary>
    public static IServiceCollection AddNotificationLog(this IServiceCollection services)
    {
        services.AddOptions<NotificationOptions>()
            .BindConfiguration(NotificationOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MessagingTelemetry>();
        services.TryAddSingleton<LiveChannels>();
        services.TryAddSingleton<NotificationLog>();
        return services;
    }

    /// <summary>Adds <see cref="EscalationSchedule"/> and <see cref="PhoneRegistry"/>, for the hubs.</summary>
    public static IServiceCollection AddEscalations(this IServiceCollection services)
    {
        services.AddNotificationLog();
        services.TryAddSingleton<EscalationSchedule>();
        services.TryAddSingleton<PhoneRegistry>();
        return services;
    }

    /// <summary>Adds <see cref="RevocationStore"/>, for the hubs.</summary>
    public static IServiceCollection AddRevocations(this IServiceCollection services)
    {
        services.TryAddSingleton<LiveChannels>();
        services.TryAddSingleton<RevocationStore>();
        return services;
    }

    /// <summary>Adds <see cref="UserInspector"/>, for the hubs.</summary>
    public static IServiceCollection AddUserInspector(this IServiceCollection services)
    {
        services.TryAddSingleton<UserInspector>();
        return services;
    }

    /// <summary>Adds <see cref="InstanceRegistry"/>, for the hubs that enter themselves and the gateways that read it.</summary>
    public static IServiceCollection AddInstanceRegistry(this IServiceCollection services)
    {
        services.TryAddSingleton<InstanceRegistry>();
        return services;
    }
}
