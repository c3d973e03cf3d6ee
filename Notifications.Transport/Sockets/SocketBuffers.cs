using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.Sockets;

/// <summary>How much the kernel keeps for somebody who does not read.</summary>
/// <remarks>
/// Left to itself it keeps megabytes for each connection at every hop, so that a client that reads nothing takes a whole log before anything waits and its
/// connection can be ended. What is bounded is what is under way: a connection gets at most two of these per round trip.
/// </remarks>
internal static class SocketBuffers
{
    /// <summary>Bytes of each direction of a connection. Linux doubles it for its own bookkeeping.</summary>
    public const int Size = 128 * 1024;

    public static void AddSocketBuffers(this IServiceCollection services) =>
        // Accepted connections take it over from the one that listens.
        services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endPoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            socket.SendBufferSize = Size;
            return socket;
        });
}
