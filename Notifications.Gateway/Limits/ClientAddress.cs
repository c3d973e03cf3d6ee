using System.Net;

namespace Notifications.Gateway.Limits;

/// <summary>What counts as one address: of IPv6 the first 64 bits, all of which anyone has who has one.</summary>
internal static class ClientAddress
{
    private const int NetworkBytes = 8;
    private const int Ipv6Bytes = 16;

    /// <returns>Null if there is none, as with a Unix socket.</returns>
    public static IPAddress? Of(IPAddress? address)
    {
        if (address is null || address.GetAddressBytes() is not { Length: Ipv6Bytes } bytes)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
