using Microsoft.Extensions.DependencyInjection.Extensions;
using Notifications.Gateway.Limits;
using Notifications.Gateway.Sessions;
using Notifications.Transport;

namespace Notifications.Gateway;

/// <summary>The only entrance from outside. Checks the token, then forwards to the hub instances and to the services behind the gateway.</summary>
internal static class GatewayRegistration
{
    /// <exception cref="InvalidOperationException">The Redis connection string or the key to check tokens with is missing.</exception>
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddSessionTransport(
            TransportEnd.Gateway,
            impossible: builder.ReadGatewayOptions().Hubs is HubSource.Endpoint ? "Gateway:Hubs is Endpoint, and a link needs the address of one hub." : null);
        builder.Services.AddKernelBuffers();
        builder.AddIdleMemory();
        builder.AddGatewayOptions();
        builder.AddForwarding();
        builder.AddOrigins();
        builder.AddLimits();
        builder.AddGatewayTokens();
        builder.AddDevelopmentTokens();
        builder.AddProxy();
        builder.AddHubDestinations();
        builder.AddGatewayDrain();
    }

    public static void MapGateway(this WebApplication app)
    {
        app.UseForwarding();
        app.UseSecurityHeaders();
        app.UseGatewayProblems();
        app.UseRequestLineLimit();
        app.UseOrigins();
        app.UseAddressLimits();
        app.UseBodyLimits();
        app.UseGatewayDrain();
        app.UseBrowserFiles();
        app.UseApiTimeouts();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDevelopmentTokens();
        // The routes are in Proxy, such as /api/orders to the order service. What follows here concerns the hubs.
        app.MapReverseProxy(proxy =>
        {
            proxy.UseHubMethods();
            proxy.Use(app.Services.GetRequiredService<UserLimits>().RunAsync);
            proxy.Use(app.Services.GetRequiredService<HandshakeAdmission>().RunAsync);
            proxy.UseNewSessions();
            proxy.UseSessionAffinity();
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        });
    }
}
