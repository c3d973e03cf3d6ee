namespace Notifications.AppHost.Deployment;

/// <summary>How long the published services take to hand over their clients, and how long the platform has to let them.</summary>
internal static class Stopping
{
    /// <summary>
    /// Over how long a stopping hub spreads its clients. Longer than in development: with a gateway that lets 250 in each second, 7,500
    /// clients come back without a queue.
    /// </summary>
    public static readonly TimeSpan HubWindow = TimeSpan.FromSeconds(30);

    /// <summary>The window, its last close, and what the host itself may take to stop.</summary>
    public static readonly TimeSpan HubGrace = HubWindow + TimeSpan.FromSeconds(30);

    /// <summary>A gateway's window grows with its sessions (docs/gateway.md): this is enough for 25,000 at 250 each second.</summary>
    public static readonly TimeSpan GatewayGrace = TimeSpan.FromSeconds(120);

    /// <summary>Requests under way.</summary>
    public static readonly TimeSpan OrdersGrace = TimeSpan.FromSeconds(45);

    public static void WithHubWindow(this IResourceBuilder<ProjectResource> hub) =>
        hub.WithEnvironment("Instance__DrainWindow", HubWindow.ToString("c"));

    /// <summary>Each service with the seconds that it is left to stop in.</summary>
    public static IEnumerable<(IResourceBuilder<ProjectResource> Service, int Seconds)> GracePeriods(this PublishedServices services) =>
    [
        (services.Hub, (int)HubGrace.TotalSeconds),
        (services.Orders, (int)OrdersGrace.TotalSeconds),
        (services.Gateway, (int)GatewayGrace.TotalSeconds),
    ];
}
