using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Notifications.Messaging.Registry;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

/// <summary>Makes a YARP destination of a hub instance, and reads the instance's data from a destination.</summary>
internal static class HubDestination
{
    private const string Draining = "Draining";
    private const string Key = "Key";
    private const string KnownSince = "KnownSince";
    private const string Transport = "Transport";

    /// <summary>As long as the hash in the affinity cookie.</summary>
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

    public static bool IsDraining(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(Draining) == bool.TrueString;

    /// <summary>
    /// The key that names the instance in the ids of its sessions. It is a hash of the instance's id, so
    /// every gateway computes the same key. Null for a service's address.
    /// </summary>
    public static string? KeyOf(DestinationConfig destination) => destination.Metadata?.GetValueOrDefault(Key);

    /// <summary>The instance's <see cref="HubInstance.Transport"/>. Empty when the instance takes HTTP only.</summary>
    public static string? TransportOf(DestinationConfig destination) => destination.Metadata?.GetValueOrDefault(Transport);

    /// <summary>When this gateway first read of the instance. <see cref="DateTimeOffset.MinValue"/> for a service's address.</summary>
    public static DateTimeOffset KnownSinceOf(DestinationConfig destination) =>
        destination.Metadata?.GetValueOrDefault(KnownSince) is { } milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture))
            : DateTimeOffset.MinValue;
}
