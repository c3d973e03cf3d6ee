using System.Net;

namespace Notifications.Gateway.Limits;

/// <summary>
/// What the limits count as one address. For IPv6 it is the first 64 bits, because a client with one address has all addresses of that network.
/// </summary>
internal static class ClientAddress
{
    private const int NetworkBytes = 8;
    private const int Ipv6Bytes = 16;

    /// <returns>Null when the connection has no address, as with a Unix socket.</returns>
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
