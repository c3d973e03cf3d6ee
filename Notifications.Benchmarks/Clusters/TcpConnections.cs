using System.Globalization;

namespace Notifications.Benchmarks.Clusters;

/// <summary>The TCP connections of this machine as Linux lists them in <c>/proc/net</c> (https://man7.org/linux/man-pages/man5/proc_net.5.html).</summary>
internal static class TcpConnections
{
    private const string Established = "01";

    // .NET's sockets are IPv6 ones that reach IPv4 addresses too.
    private static readonly string[] Lists = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>How many established ones lead to a server on one of these ports.</summary>
    public static int CountTo(IReadOnlySet<int> ports) => Lists.Sum(list => File.ReadLines(list).Skip(1).Count(line => Leads(line, ports)));

    private static bool Leads(string line, IReadOnlySet<int> ports)
    {
        // number: local-address:port remote-address:port state …, in hexadecimal digits.
        var fields = line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
        return fields[3] == Established
            && ports.Contains(int.Parse(fields[2].AsSpan(fields[2].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
