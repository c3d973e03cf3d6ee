using System.Net;
using System.Net.Sockets;

namespace Notifications.Testing.Clusters;

/// <summary>Loopback ports for servers that can't choose one themselves, or have to keep theirs when they are started again.</summary>
public static class FreePorts
{
    // Below where Linux, macOS and Windows take the ports of outgoing connections from: one of those must not get the port of a
    // server that is down for a while.
    private const int First = 10_000;
    private const int Last = 32_000;
    private const int Attempts = 100;

    /// <exception cref="InvalidOperationException">None was free.</exception>
    public static int Next()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = Random.Shared.Next(First, Last);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new InvalidOperationException($"Of {Attempts} ports between {First} and {Last} none was free.");
    }
}
