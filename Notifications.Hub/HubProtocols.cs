using Microsoft.AspNetCore.SignalR;
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
                provider, new HubArgumentsProtocol((IHubProtocol)ActivatorUtilities.CreateInstance(provider, protocol.ImplementationType!))));
        }
    }

    /// <summary>The hub class of a connection: SignalR's binder is generic in it, and a protocol, which serves all hub classes, is told it nowhere else.</summary>
    public static Type HubOf(IInvocationBinder binder) => binder.GetType().GenericTypeArguments is [var hub] ? hub : typeof(NotificationHub);
}
