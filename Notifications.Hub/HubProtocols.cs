using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Hubs.Limits;

namespace Notifications.Hubs;

internal static class HubProtocols
{
    /// <summary>Wraps every protocol that is registered so far. Of protocols with the same name, SignalR's resolver takes the last one.</summary>
    public static void WrapHubProtocols(this IServiceCollection services)
    {
        foreach (var protocol in services.Where(service => service.ServiceType == typeof(IHubProtocol)).ToArray())
        {
            services.AddSingleton<IHubProtocol>(provider => ActivatorUtilities.CreateInstance<MessageLimitsProtocol>(
                provider, ActivatorUtilities.CreateInstance(provider, protocol.ImplementationType!)));
        }
    }

    /// <summary>
    /// The hub class of a connection. A protocol serves all hub classes. It learns the class only from SignalR's binder, whose type argument it is.
    /// </summary>
    public static Type HubOf(IInvocationBinder binder) => binder.GetType().GenericTypeArguments is [var hub] ? hub : typeof(NotificationHub);
}
