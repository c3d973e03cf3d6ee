using Microsoft.AspNetCore.Http.Features;
using Notifications.Transport.Sockets;

namespace Notifications.Transport;

/// <summary>Ties an object to the lifetime of a client's connection. The connection may last longer than its request.</summary>
internal static class ConnectionLife
{
    /// <summary>
    /// Call this when the connection or its request ends for Kestrel. Disposes <paramref name="what"/> at
    /// once. If a session has taken over the connection's socket, disposes it when that session ends.
    /// </summary>
    public static void EndWithConnection(this IFeatureCollection features, IDisposable? what)
    {
        if (what is not null && features.Get<SocketHandover>() is { IsTaken: true } handover)
        {
            handover.Hold(what);
        }
        else
        {
            what?.Dispose();
        }
    }
}
