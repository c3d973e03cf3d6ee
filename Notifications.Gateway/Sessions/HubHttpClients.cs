using Microsoft.Extensions.Options;
using Notifications.Transport;
using Yarp.ReverseProxy.Forwarder;

namespace Notifications.Gateway.Sessions;

/// <summary>Creates the HTTP clients with which YARP forwards requests.</summary>
internal sealed class HubHttpClients(
    OpenSessions sessions, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ForwarderHttpClientFactory> logger, SessionTransport? transport = null)
    : ForwarderHttpClientFactory(logger)
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.Value.ConnectTimeout;
        handler.ConnectCallback = KernelBuffers.ConnectAsync;
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler)
    {
        if (context.ClusterId != Proxy.HubCluster)
        {
            return handler;
        }

        var forwarding = transport?.Over(handler, HubRequest.TransportedBy) ?? handler;
        return new SessionEnds(new HandshakeLimit(new NegotiatedIds(forwarding), options.Value.HandshakeTimeout, time), sessions, time);
    }
}
