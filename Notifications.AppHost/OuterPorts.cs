using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

/// <summary>The ports that people type. Each has a configuration key.</summary>
internal static class OuterPorts
{
    /// <summary>
    /// Returns the configured port, or null for 0, which means any free port. When published, always returns null: the platform's ingress has
    /// the port, and azd refuses every port except 80 for HTTP.
    /// </summary>
    /// <exception cref="StartupProblem">The value is no port, or another process listens on the port.</exception>
    public static int? OuterPort(this IDistributedApplicationBuilder builder, string key, int defaultPort)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return null;
        }

        var configured = builder.Configuration[key];
        var port = defaultPort;
        if (!string.IsNullOrWhiteSpace(configured) && (!int.TryParse(configured, out port) || port is < 0 or > IPEndPoint.MaxPort))
        {
            throw new StartupProblem($"{key} is \"{configured}\" and has to be a port from 1 to {IPEndPoint.MaxPort}, or 0 for any free one.");
        }

        if (port != 0 && !builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts") && IsTaken(port))
        {
            throw new StartupProblem(
                $"Port {port} is taken by another process, and {key} has to name a free one. Stop that process, or set {key} to another port, or to 0 for any free one.");
        }

        return port == 0 ? null : port;
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException problem) when (problem.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return true;
        }
    }
}
