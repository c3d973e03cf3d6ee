using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Hubs.Limits;

namespace Notifications.Hubs;

internal static class HubProtocols
{
    /// <summary>Wraps every protocol registered so far; SignalR's resolver takes the last one of a name.</summary>
    public static void WrapHubProtocols(this IServiceCollection services)
    {
        foreach (var protocol in services.Where(service => service.ServiceType == typeof(IHubProtocol)).ToArray())
        {
            services.AddSingleton<IHubProtocol>(provider => ActivatorUtilities.CreateInstance<MessageLimitsProtocol>(
                provider, new OptionalArgumentsProtocol((IHubProtocol)ActivatorUtilities.CreateInstance(provider, protocol.ImplementationType!))));
        }
    }
}
