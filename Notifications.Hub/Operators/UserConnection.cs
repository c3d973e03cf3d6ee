using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections.Features;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs.Operators;

/// <summary>A connection as an operator sees it.</summary>
/// <param name="Id">SignalR's id of the connection. Nobody can use the connection by it.</param>
/// <param name="Device">The name that the client gave to its device; null: it gets live notifications only.</param>
/// <param name="Transport">WebSockets, ServerSentEvents or LongPolling.</param>
/// <param name="Protocol">SignalR's protocol: <c>json</c> or <c>messagepack</c>.</param>
/// <param name="Since">When it was opened.</param>
/// <param name="TokenExpires">When the connection's token expires.</param>
/// <param name="StreamCount">How many streams it is subscribed to.</param>
/// <param name="Streams">The first of these streams.</param>
internal sealed record UserConnection(
    string Id, string? Device, string? Transport, string Protocol, DateTimeOffset Since, DateTimeOffset? TokenExpires, int StreamCount, IReadOnlyList<ConnectionStream> Streams)
{
    /// <summary>The connection at this moment.</summary>
    public static UserConnection Of(ConnectionDelivery delivery, int maxStreams)
    {
        var (connection, subscriptions) = (delivery.Connection, delivery.Subscriptions);
        return new UserConnection(
            connection.ConnectionId,
            delivery.Device?.Device,
            connection.Features.Get<IHttpTransportFeature>()?.TransportType.ToString(),
            connection.Protocol.Name,
            delivery.OpenedAt,
            TokenTimes.Expiry(connection.Features.Get<IConnectionUserFeature>()?.User),
            subscriptions.Count,
            [.. subscriptions.Take(maxStreams).Select(subscription => new ConnectionStream(
                subscription.Stream.Value, subscription.Position?.Epoch, subscription.Position?.Offset, subscription.IsBehind || subscription.IsWaitingForRedis))]);
    }
}

/// <summary>A stream on a connection.</summary>
/// <param name="Stream">The stream's name.</param>
/// <param name="Epoch">The epoch of the last delivered position; null: nothing was delivered yet.</param>
/// <param name="Offset">The offset of the last delivered position.</param>
/// <param name="Behind">Whether the connection still has to read notifications from the log.</param>
internal sealed record ConnectionStream(string Stream, string? Epoch, long? Offset, bool Behind);
