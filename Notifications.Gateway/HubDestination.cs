using System.Globalization;
using Notifications.Messaging.Registry;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

/// <summary>A hub instance as YARP's destination, and what the gateway reads from such a destination.</summary>
internal static class HubDestination
{
    private const string Draining = "Draining";
    private const string KnownSince = "KnownSince";
    private const string SessionLinks = "SessionLinks";

    public static DestinationConfig Of(HubInstance instance, DateTimeOffset knownSince) => new()
    {
        Address = instance.Address,
        Metadata = new Dictionary<string, string>
        {
            [Draining] = instance.Draining.ToString(),
            [SessionLinks] = instance.SessionLinks.ToString(),
            [KnownSince] = knownSince.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        },
    };

    /// <summary>Whether it came from the registry rather than being the name of a service.</summary>
    public static bool IsInstance(DestinationConfig destination) => destination.Metadata?.ContainsKey(Draining) is true;

    public static bool IsDraining(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(Draining) == bool.TrueString;

    /// <summary>Whether it takes sessions over a link.</summary>
    public static bool HasSessionLinks(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(SessionLinks) == bool.TrueString;

    /// <summary>When this gateway first read of it; of the service's address, ever since.</summary>
    public static DateTimeOffset KnownSinceOf(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(KnownSince) is { } milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture))
            : DateTimeOffset.MinValue;
}
