using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.AspNetCore;

/// <summary>How much the kernel keeps for somebody who does not read.</summary>
/// <remarks>
/// Left to itself it keeps megabytes for each connection at every hop, so that a client that reads nothing takes a whole log before anything waits and its
/// connection can be ended. What is bounded is what is under way: a connection gets at most two of these per round trip.
/// </remarks>
public static class KernelBuffers
{
    /// <summary>Bytes of each direction of a connection. Linux doubles it for its own bookkeeping.</summary>
    private const int Size = 128 * 1024;

    /// <summary>For connections that Kestrel accepts.</summary>
    public static void AddKernelBuffers(this IServiceCollection services) =>
        // Accepted connections take it over from the one that listens.
        services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endPoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            socket.SendBufferSize = Size;
            return socket;
        });

    /// <summary>For connections of an HTTP client: its <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = Size };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
