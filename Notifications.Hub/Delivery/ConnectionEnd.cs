using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Delivery;

/// <summary>Closes connections whose clients may reconnect, and runs code when a connection has ended.</summary>
internal static class ConnectionEnd
{
    /// <summary>
    /// Calls back once when the connection has ended. SignalR's <c>OnDisconnectedAsync</c> is not enough for this. If <c>OnConnectedAsync</c> of the hub or of
    /// any filter failed, neither the hub's nor a filter's <c>OnDisconnectedAsync</c> is called.
    /// </summary>
    public static void OnEnded(this HubCallerContext connection, Action callback) =>
        connection.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.UnsafeRegister(state => ((Action)state!)(), callback);

    /// <summary>
    /// Closes the connection with SignalR's close message and <c>allowReconnect</c>, so that a client reconnects if it can. After
    /// <see cref="HubConnectionContext.Abort"/> the message would tell the client never to reconnect.
    /// </summary>
    public static void CloseForNow(this IFeatureCollection features) => features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
}
