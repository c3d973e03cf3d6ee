using System.Net;
using System.Net.Sockets;

namespace Notifications.Tests;

/// <summary>A loopback port for servers that can't choose one themselves. Another process may take it first: try again then.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
