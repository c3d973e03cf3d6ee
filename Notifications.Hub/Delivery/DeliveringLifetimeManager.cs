using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Backplane;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The backplane, as an adopter's own <c>Clients.Group</c> and the like need it, which also gives each connection
/// its <see cref="ConnectionDelivery"/>: this is where SignalR hands out the connection itself.
/// </summary>
internal sealed class DeliveringLifetimeManager(
    ConnectionDeliveries deliveries,
    BackplaneLink link,
    IHubProtocolResolver protocols,
    IOptions<HubOptions> options,
    IOptions<HubOptions<NotificationHub>> hubOptions,
    TimeProvider time,
    ILogger<BackplaneLifetimeManager<NotificationHub>> logger)
    : BackplaneLifetimeManager<NotificationHub>(link, protocols, options, hubOptions, time, logger)
{
    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        await base.OnConnectedAsync(connection);
        connection.Features.Set(deliveries.Open(connection));
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (connection.Features.Get<ConnectionDelivery>() is { } delivery)
        {
            await deliveries.CloseAsync(delivery);
        }

        await base.OnDisconnectedAsync(connection);
    }
}
