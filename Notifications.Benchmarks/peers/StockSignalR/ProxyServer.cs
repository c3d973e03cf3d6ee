using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.SessionAffinity;

namespace StockSignalR;

/// <summary>YARP with session affinity by a cookie, as its documentation sets it up.</summary>
internal static class ProxyServer
{
    public static async Task RunAsync(string url, IReadOnlyList<string> hubs)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var route = new RouteConfig { RouteId = "hub", ClusterId = "hub", Match = new RouteMatch { Path = "/{**path}" } };
        var cluster = new ClusterConfig
        {
            ClusterId = "hub",
            Destinations = hubs.ToDictionary(hub => hub, hub => new DestinationConfig { Address = hub }),
            SessionAffinity = new SessionAffinityConfig
            {
                Enabled = true,
                Policy = SessionAffinityConstants.Policies.HashCookie,
                AffinityKeyName = "Affinity",
            },
        };
        builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
        await using var app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync(url);
    }
}
