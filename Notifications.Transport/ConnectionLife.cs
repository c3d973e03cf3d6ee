using Microsoft.AspNetCore.Http.Features;
using Notifications.Transport.Sockets;

namespace Notifications.Transport;

/// <summary>How long a client's connection lasts, which may be longer than its request does.</summary>
internal static class ConnectionLife
{
    /// <summary>To be called where the connection, or its request, ends for Kestrel: disposes it now, or when the session is over that has taken the connection out of Kestrel.</summary>
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
