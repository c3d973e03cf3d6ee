using Microsoft.Extensions.DependencyInjection.Extensions;
using Notifications.Gateway.Sessions;

namespace Notifications.Gateway;

/// <summary>The one door from outside: checks the token, then forwards to the hub replicas and the order service.</summary>
internal static class GatewayRegistration
{
    /// <exception cref="InvalidOperationException">The Redis connection string or the key to check tokens with is missing.</exception>
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddGatewayOptions();
        builder.AddGatewayTokens();
        builder.AddDevelopmentTokens();
        builder.AddProxy();
        builder.AddHubDestinations();
        builder.AddGatewayDrain();
    }

    public static void MapGateway(this WebApplication app)
    {
        app.UseGatewayProblems();
        app.UseGatewayDrain();
        app.UseBrowserFiles();
        app.UseAuthentication();
        // Rate limits by address belong before the token check, those by user behind it.
        app.UseAuthorization();
        app.MapDevelopmentTokens();
        app.MapReverseProxy(proxy =>
            proxy.UseHandshakeAdmission().UseNewSessions().UseSessionAffinity().UseLoadBalancing().UsePassiveHealthChecks());
    }
}
