using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs;

/// <summary>
/// Gives each connection its <see cref="ConnectionDelivery"/>, because SignalR hands out the connection itself only here. It knows the connections of this
/// instance only and subscribes to nothing in Redis for them. So it refuses every call of <c>Clients</c> and <c>Groups</c>.
/// </summary>
internal sealed class DeliveringLifetimeManager(ConnectionDeliveries deliveries, ILogger<DefaultHubLifetimeManager<NotificationHub>> logger)
    : DefaultHubLifetimeManager<NotificationHub>(logger)
{
    private const string Refusal =
        $"{nameof(NotificationHub)} delivers streams, and its Clients and Groups would reach the clients of this replica only. "
        + "Publish to a user's stream or to a topic with NotificationPublisher, or send from a hub class of your own (docs/adopt.md, \"Messages of your own\").";

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        await base.OnConnectedAsync(connection);
        connection.Features.Set(deliveries.Open(connection));
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        try
        {
            if (connection.Features.Get<ConnectionDelivery>() is { } delivery)
            {
                await deliveries.CloseAsync(delivery);
            }
        }
        finally
        {
            await base.OnDisconnectedAsync(connection);
        }
    }

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendAllExceptAsync(string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendConnectionAsync(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendConnectionsAsync(IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendGroupAsync(string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendGroupsAsync(IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task SendUsersAsync(IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default) => Refuse();

    public override Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Refuse();

    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Refuse();

    public override Task<T> InvokeConnectionAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(Refusal);

    private static Task Refuse() => throw new NotSupportedException(Refusal);
}
