using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

internal static class ConnectionEnd
{
    /// <summary>
    /// Calls back once when the connection is gone. SignalR's <c>OnDisconnectedAsync</c> is not for what has to go with a connection: neither the hub's nor
    /// a filter's is called where <c>OnConnectedAsync</c> of the hub or of any filter failed.
    /// </summary>
    public static void OnEnded(this HubCallerContext connection, Action callback) =>
        connection.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.UnsafeRegister(state => ((Action)state!)(), callback);
}
