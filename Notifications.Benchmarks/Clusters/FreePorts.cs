using System.Net;
using System.Net.Sockets;

namespace Notifications.Benchmarks.Clusters;

internal static class FreePorts
{
    /// <summary>A loopback port for a server that has to keep its port when it is started again.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
