using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.AspNetCore;

/// <summary>Limits how much the kernel buffers for a receiver that does not read.</summary>
/// <remarks>
/// By default the kernel buffers megabytes for each connection at every hop. A client that reads nothing would take a whole log before a send has to wait
/// and its connection can be ended. The limit also bounds what is under way: a connection gets at most two buffers per round trip.
/// </remarks>
public static class KernelBuffers
{
    /// <summary>The size of a buffer in bytes, for each direction of a connection. Linux doubles it for its own bookkeeping.</summary>
    private const int Size = 128 * 1024;

    /// <summary>Limits the send buffers of connections that Kestrel accepts.</summary>
    public static void AddKernelBuffers(this IServiceCollection services) =>
        // Accepted sockets inherit the size from the listening socket.
        services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endPoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            socket.SendBufferSize = Size;
            return socket;
        });

    /// <summary>Limits the receive buffers of an HTTP client's connections. To be used as <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
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
