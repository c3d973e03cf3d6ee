using Notifications.Transport;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

namespace Notifications.Gateway.Sessions;

/// <summary>A request as it is sent to a hub, and the client's request that it is sent for.</summary>
internal static class HubRequest
{
    private static readonly HttpRequestOptionsKey<HttpContext> Client = new("client");

    /// <summary>Lets the request to the hub know which one it is for, and name its session as the hub does.</summary>
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

    /// <summary>Where it goes.</summary>
    public static DestinationConfig? DestinationOf(HttpRequestMessage request) =>
        ClientOf(request)?.GetReverseProxyFeature().ProxiedDestination?.Model.Config;

    /// <summary>The same as the transport has to know it; null: it goes to no instance.</summary>
    public static TransportedRequest? TransportedBy(HttpRequestMessage request) =>
        ClientOf(request) is { } client && DestinationOf(request) is { } destination
            ? new TransportedRequest(client, destination.Address, HubDestination.TransportOf(destination))
            : null;
}
