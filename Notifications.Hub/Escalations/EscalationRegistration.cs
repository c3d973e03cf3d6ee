using Notifications.Hubs.Escalations.Apns;
using Notifications.Hubs.Escalations.Fcm;

namespace Notifications.Hubs.Escalations;

/// <summary>Registers escalation: a notification that no device acknowledged in time goes to the user's phones.</summary>
internal static class EscalationRegistration
{
    public static void AddEscalation(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddEscalations();
        services.AddInstanceRegistry();
        services.AddOptions<EscalationOptions>().BindConfiguration(EscalationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FcmOptions>().BindConfiguration(FcmOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ApnsOptions>().BindConfiguration(ApnsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        if (builder.Environment.IsDevelopment())
        {
            services.AddSingleton<LogSender>();
        }

        services.AddProvider<FcmSender>(PushPlatform.Fcm, FcmSender.ClientName);
        services.AddProvider<ApnsSender>(PushPlatform.Apns, ApnsSender.ClientName);
        services.AddSingleton<EscalationShare>();
        services.AddSingleton<EscalationHandler>();
        services.AddHostedService<Escalator>();
    }

    /// <summary>In Development, the log sender replaces a provider that is not configured.</summary>
    private static void AddProvider<TSender>(this IServiceCollection services, PushPlatform platform, string client) where TSender : class, IPushSender
    {
        services.AddSingleton<TSender>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<PushProvider>(
            provider, platform, (IPushSender[])[provider.GetRequiredService<TSender>(), .. provider.GetServices<LogSender>()]));
        services.AddHttpClient(client)
            // The service's default handlers repeat requests and resolve names in their own way. Here a repeated request is a second message on a phone. Only
            // the schedule decides when to try again.
            .ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear())
            // These would log a phone's token as a part of the URL.
            .RemoveAllLoggers()
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.EnableMultipleHttp2Connections = true;
                handler.KeepAlivePingDelay = TimeSpan.FromMinutes(1);
                handler.PooledConnectionLifetime = TimeSpan.FromHours(1);
                handler.AllowAutoRedirect = false;
            })
            // Apple takes connections that are often opened and closed for an attack. The pool's own lifetime above lets connections follow DNS.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan);
    }
}
