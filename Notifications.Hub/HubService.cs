using Notifications.Hubs.Escalations;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Operators;
using Notifications.Transport;

namespace Notifications.Hubs;

/// <summary>The whole hub, for this program, and for an adopter's own program that changes parts of it: docs/adopt.md.</summary>
public static class HubService
{
    /// <summary>
    /// Adds the whole hub, except telemetry and the endpoints of the health checks. The program's ServiceDefaults add those: the activity source and the meters
    /// are named <c>Notifications.*</c>. Services that an adopter registered before, such as a <see cref="TopicPolicy"/>, stay.
    /// </summary>
    /// <exception cref="InvalidOperationException">The Redis connection string or the key to check tokens with is missing.</exception>
    public static void AddHubService(this WebApplicationBuilder builder)
    {
        builder.AddHubAlone();
        builder.AddInstance();
        builder.AddOperators();
    }

    public static void MapHubService(this WebApplication app)
    {
        app.MapHubAlone();
        app.MapOperators();
    }

    /// <summary>Adds a hub that does not enter the registry.</summary>
    internal static void AddHubAlone(this WebApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails();
        builder.AddSessionTransport(TransportEnd.Hub);
        builder.Services.AddKernelBuffers();
        builder.AddIdleMemory();
        builder.AddTokenAuthentication();
        builder.AddRedis();
        builder.AddNotificationHub();
        builder.AddNotificationApi();
        builder.AddEscalation();
    }

    internal static void MapHubAlone(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseSessionRefusal();
        app.MapNotificationHub();
        app.MapNotificationApi();
        app.MapDeviceApi();
        app.MapUserApi();
    }
}
