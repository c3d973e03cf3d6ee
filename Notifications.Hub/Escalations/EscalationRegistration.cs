using Microsoft.Extensions.Options;
using Notifications.Hubs.Escalations.Apns;
using Notifications.Hubs.Escalations.Fcm;

namespace Notifications.Hubs.Escalations;

/// <summary>What nobody acknowledged in time goes to the user's phones.</summary>
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
        services.AddSender<FcmSender>(FcmSender.ClientName);
        services.AddSender<ApnsSender>(ApnsSender.ClientName);
        if (builder.Environment.IsDevelopment())
        {
            services.AddSingleton<ShownPushes>();
            services.AddSingleton<LogSender>();
        }

        services.AddProvider<FcmSender>(PushPlatform.Fcm);
        services.AddProvider<ApnsSender>(PushPlatform.Apns);
        services.AddSingleton<EscalationShare>();
        services.AddSingleton<EscalationHandler>();
        services.AddHostedService<Escalator>();
    }

    private static void AddSender<TSender>(this IServiceCollection services, string client) where TSender : class, IPushSender
    {
        services.AddSingleton<TSender>();
        services.AddHttpClient(client)
            // The service's defaults repeat requests and resolve names their own way. Here a repeated request is a second message on
            // a phone, and when to try again is the schedule's to say.
            .ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear())
            // They would log a phone's token as part of the URL.
            .RemoveAllLoggers()
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.EnableMultipleHttp2Connections = true;
                handler.KeepAlivePingDelay = TimeSpan.FromMinutes(1);
                handler.PooledConnectionLifetime = TimeSpan.FromHours(1);
                handler.AllowAutoRedirect = false;
            })
            // Apple takes connections that come and go for an attack. The pool's own lifetime above is what follows DNS.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan);
    }

    /// <summary>In Development a provider that is not configured is shown by the log instead.</summary>
    private static void AddProvider<TSender>(this IServiceCollection services, PushPlatform platform) where TSender : class, IPushSender =>
        services.AddSingleton(provider => new PushProvider(
            platform,
            [provider.GetRequiredService<TSender>(), .. provider.GetServices<LogSender>()],
            provider.GetRequiredService<IOptions<EscalationOptions>>(),
            provider.GetRequiredService<HubTelemetry>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PushProvider>>()));
}
