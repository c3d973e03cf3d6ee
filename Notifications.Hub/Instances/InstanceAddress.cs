using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Notifications.Hubs.Instances;

/// <summary>Finds the address at which the gateways reach a server that knows only the addresses that it listens on.</summary>
internal static class InstanceAddress
{
    /// <param name="listening">The server's addresses, such as <c>http://localhost:5003</c> or <c>http://[::]:8080</c>.</param>
    /// <returns>The first address. If it means every interface, this machine's own address on the network replaces its host.</returns>
    public static string From(IEnumerable<string> listening)
    {
        var address = BindingAddress.Parse(listening.First());
        var host = IsEveryInterface(address.Host) ? NetworkAddress() : address.Host;
        return $"{address.Scheme}://{host}:{address.Port}";
    }

    private static bool IsEveryInterface(string host) =>
        host is "*" or "+" || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));

    private static string NetworkAddress() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)?.ToString() ?? "localhost";
}
