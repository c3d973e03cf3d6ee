using Notifications.Messaging;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

/// <summary>A hub instance as YARP's destination, and what the gateway reads from such a destination.</summary>
internal static class HubDestination
{
    private const string Draining = "Draining";

    public static DestinationConfig Of(HubInstance instance) => new()
    {
        Address = instance.Address,
        Metadata = new Dictionary<string, string> { [Draining] = instance.Draining.ToString() },
    };

    /// <summary>Whether it came from the registry rather than being the name of a service.</summary>
    public static bool IsInstance(DestinationConfig destination) => destination.Metadata?.ContainsKey(Draining) is true;

    public static bool IsDraining(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(Draining) == bool.TrueString;
}
