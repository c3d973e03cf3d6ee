using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Limits;
using Notifications.Hubs.Tokens;
using Notifications.Transport;

namespace Notifications.Hubs;

public static class HubRegistration
{
    /// <summary>The path of every hub begins with it, also of an adopter's own. The gateway forwards such paths.</summary>
    public const string HubsPath = "/hubs";

    public const string Path = $"{HubsPath}/notifications";

    public static void AddNotificationHub(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddNotificationLog();
        // Keep-alive, time-outs and limits by configuration, such as SignalR__KeepAliveInterval.
        services.AddOptions<HubOptions>().BindConfiguration("SignalR");
        services.AddOptions<ConnectionLimitOptions>().BindConfiguration(ConnectionLimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<InvocationLimits>();
        services.AddSignalR(options =>
        {
            options.AddFilter<InvocationErrors>();
            options.AddFilter<InvocationLimits>();
        }).AddMessagePackProtocol().AddBackplane(builder.Logging);
        services.WrapHubProtocols();
        // SignalR logs a client's mistake as an error of the hub. InvocationErrors tells the two apart.
        builder.Logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.Critical);
        services.AddSingleton<IUserIdProvider, SubjectUserIdProvider>();
        services.TryAddSingleton<TopicPolicy>();
        services.AddSingleton<HubTelemetry>();
        services.AddDelivery(provider => provider.GetRequiredService<Instance>().Id);
        services.AddSingleton<HubLifetimeManager<NotificationHub>, DeliveringLifetimeManager>();
        services.AddOptions<SessionTransportOptions>().Configure<IOptions<DeliveryOptions>>((transport, delivery) => transport.SendTimeout = delivery.Value.SendTimeout);
        services.AddTokenSessions();
        services.AddSingleton<HubMessages>();
        services.AddHostedService<HubMessageListener>();
    }

    public static void MapNotificationHub(this WebApplication app)
    {
        var delivery = app.Services.GetRequiredService<IOptions<DeliveryOptions>>().Value;
        // The options of one hub class have values only if something configures them for it.
        var keepAlive = app.Services.GetRequiredService<IOptions<HubOptions<NotificationHub>>>().Value.KeepAliveInterval
            ?? app.Services.GetRequiredService<IOptions<HubOptions>>().Value.KeepAliveInterval;
        app.UseTokenSessions();
        app.UseDeviceNameRule();
        app.MapHub<NotificationHub>(Path, connection =>
        {
            connection.TransportSendTimeout = delivery.SendTimeout;
            // A poll is answered as often as other connections are pinged, so that a client notices a silent network as early.
            connection.LongPolling.PollTimeout = keepAlive ?? connection.LongPolling.PollTimeout;
        });
    }

    /// <summary>SignalR's user is the <c>sub</c> of the token, which a client can't choose.</summary>
    private sealed class SubjectUserIdProvider : IUserIdProvider
    {
        public string? GetUserId(HubConnectionContext connection) => connection.User.FindFirst(TokenNames.UserClaim)?.Value;
    }
}
