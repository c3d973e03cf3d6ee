using Notifications.Transport;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

namespace Notifications.Gateway.Sessions;

/// <summary>Relates a request to a hub to the client's request that is forwarded.</summary>
internal static class HubRequest
{
    private static readonly HttpRequestOptionsKey<HttpContext> Client = new("client");

    /// <summary>Attaches the client's request to the request to the hub, and sets the session id as the hub knows it.</summary>
    public static void AddTransform(IReverseProxyBuilder proxy) => proxy.AddTransforms(transforms =>
    {
        if (transforms.Cluster?.ClusterId == Proxy.HubCluster)
        {
            transforms.AddRequestTransform(context =>
            {
                context.ProxyRequest.Options.Set(Client, context.HttpContext);
                if (DestinationOf(context.ProxyRequest) is { } destination && HubDestination.KeyOf(destination) is { } key)
                {
                    var id = SessionRequest.IdOf(context.HttpContext.Request);
                    var hubs = SessionId.Without(id, key);
                    if (hubs.Length < id.Length)
                    {
                        context.Query.Collection[SessionRequest.IdParameter] = hubs;
                    }
                }

                return ValueTask.CompletedTask;
            });
        }
    });

    public static HttpContext? ClientOf(HttpRequestMessage request) => request.Options.TryGetValue(Client, out var client) ? client : null;

    public static DestinationConfig? DestinationOf(HttpRequestMessage request) =>
        ClientOf(request)?.GetReverseProxyFeature().ProxiedDestination?.Model.Config;

    /// <summary>The client's request and the destination, for the session transport. Null when the request has no destination.</summary>
    public static TransportedRequest? TransportedBy(HttpRequestMessage request) =>
        ClientOf(request) is { } client && DestinationOf(request) is { } destination
            ? new TransportedRequest(client, destination.Address, HubDestination.TransportOf(destination))
            : null;
}
