using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Backplane;

internal static class BackplaneRegistration
{
    /// <summary>For every hub class that the process has, an adopter's own among them. After <c>AddSignalR</c>, whose own manager knows this instance's clients only.</summary>
    public static void AddBackplane(this IServiceCollection services)
    {
        services.AddSingleton<BackplaneLink>();
        services.AddHostedService(provider => provider.GetRequiredService<BackplaneLink>());
        services.AddHealthChecks().AddCheck<BackplaneLink>("backplane");
        services.AddSingleton(typeof(HubLifetimeManager<>), typeof(BackplaneLifetimeManager<>));
    }
}
