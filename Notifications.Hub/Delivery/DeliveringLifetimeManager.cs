using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// SignalR's Redis backplane, as an adopter's own <c>Clients.Group</c> and the like need it, which also gives each connection
/// its <see cref="ConnectionDelivery"/>: this is where SignalR hands out the connection itself.
/// </summary>
internal sealed class DeliveringLifetimeManager(
    ConnectionDeliveries deliveries,
    ILogger<RedisHubLifetimeManager<NotificationHub>> logger,
    IOptions<RedisOptions> options,
    IHubProtocolResolver protocols,
    IOptions<HubOptions> hubOptions,
    IOptions<HubOptions<NotificationHub>> notificationHubOptions)
    : RedisHubLifetimeManager<NotificationHub>(logger, options, protocols, hubOptions, notificationHubOptions)
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
