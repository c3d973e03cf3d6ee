using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Notifications.Gateway.Links;
using Notifications.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Notifications.Gateway.Sessions;

/// <summary>Makes the HTTP clients that YARP forwards with.</summary>
internal sealed class HubHttpClients(
    OpenSessions sessions, SessionLinks links, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ForwarderHttpClientFactory> logger) : ForwarderHttpClientFactory(logger)
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.Value.ConnectTimeout;
        handler.ConnectCallback = ConnectAsync;
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        context.ClusterId == Proxy.HubCluster
            ? new SessionEnds(new HandshakeLimit(new NegotiatedIds(new LinkedSessions(handler, links)), options.Value.HandshakeTimeout, time), sessions, time)
            : handler;

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = SocketBuffers.Size };
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
