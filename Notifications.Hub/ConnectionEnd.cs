using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

/// <summary>How connections end: those whose clients may come back, and what goes with any of them.</summary>
internal static class ConnectionEnd
{
    /// <summary>
    /// Calls back once when the connection is gone. SignalR's <c>OnDisconnectedAsync</c> is not for what has to go with a connection: neither the hub's nor
    /// a filter's is called where <c>OnConnectedAsync</c> of the hub or of any filter failed.
    /// </summary>
    public static void OnEnded(this HubCallerContext connection, Action callback) =>
        connection.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.UnsafeRegister(state => ((Action)state!)(), callback);

    /// <summary>
    /// Closes the connection by SignalR's close message with <c>allowReconnect</c>, with which a client connects anew if it can. After
    /// <see cref="HubConnectionContext.Abort"/> the message would tell it never to come back.
    /// </summary>
    /// <param name="features">The connection's.</param>
    public static void CloseForNow(this IFeatureCollection features) => features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
}
