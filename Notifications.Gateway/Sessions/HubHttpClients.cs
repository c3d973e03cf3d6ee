using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Notifications.Gateway.Sessions;

/// <summary>Makes the HTTP clients that YARP forwards with.</summary>
internal sealed class HubHttpClients(
    OpenSessions sessions, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ForwarderHttpClientFactory> logger) : ForwarderHttpClientFactory(logger)
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.Value.ConnectTimeout;
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        context.ClusterId == Proxy.HubCluster
            ? new SessionEnds(new HandshakeLimit(handler, options.Value.HandshakeTimeout, time), sessions, time)
            : handler;
}
