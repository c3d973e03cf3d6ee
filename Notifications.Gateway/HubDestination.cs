using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Notifications.Messaging.Registry;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

/// <summary>A hub instance as YARP's destination, and what the gateway reads from such a destination.</summary>
internal static class HubDestination
{
    private const string Draining = "Draining";
    private const string Key = "Key";
    private const string KnownSince = "KnownSince";
    private const string Transport = "Transport";

    /// <summary>As the hash in the affinity cookie.</summary>
    private const int KeyBytes = 8;

    public static DestinationConfig Of(HubInstance instance, DateTimeOffset knownSince) => new()
    {
        Address = instance.Address,
        Metadata = new Dictionary<string, string>
        {
            [Draining] = instance.Draining.ToString(),
            [Key] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instance.Id)).AsSpan(0, KeyBytes)),
            [Transport] = instance.Transport ?? "",
            [KnownSince] = knownSince.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        },
    };

    /// <summary>Whether it came from the registry rather than being the name of a service.</summary>
    public static bool IsInstance(DestinationConfig destination) => destination.Metadata?.ContainsKey(Draining) is true;

    public static bool IsDraining(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(Draining) == bool.TrueString;

    /// <summary>Names the instance in the ids of its sessions. It is a hash of the instance's id, so that every gateway finds the same one. Null for the service's address.</summary>
    public static string? KeyOf(DestinationConfig destination) => destination.Metadata?.GetValueOrDefault(Key);

    /// <summary>As of <see cref="HubInstance.Transport"/>.</summary>
    public static string? TransportOf(DestinationConfig destination) => destination.Metadata?.GetValueOrDefault(Transport);

    /// <summary>When this gateway first read of it; of the service's address, ever since.</summary>
    public static DateTimeOffset KnownSinceOf(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(KnownSince) is { } milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture))
            : DateTimeOffset.MinValue;
}
