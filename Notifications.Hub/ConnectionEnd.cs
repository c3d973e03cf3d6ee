using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

/// <summary>Ends connections whose clients may come back.</summary>
internal static class ConnectionEnd
{
    /// <summary>
    /// Closes the connection by SignalR's close message with <c>allowReconnect</c>, with which a client connects anew if it can. After
    /// <see cref="HubConnectionContext.Abort"/> the message would tell it never to come back.
    /// </summary>
    /// <param name="features">The connection's.</param>
    public static void CloseForNow(this IFeatureCollection features) => features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
}
