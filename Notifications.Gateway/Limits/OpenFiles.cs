using System.Globalization;

namespace Notifications.Gateway.Limits;

/// <summary>
/// How many connections the files allow that the process may open: one that can't open any more answers nobody, and can't reach the
/// hubs either.
/// </summary>
internal static class OpenFiles
{
    private const string Limits = "/proc/self/limits";
    private const string Line = "Max open files";

    /// <summary>Assemblies, logs, Redis, telemetry, and calls of the APIs to the services behind.</summary>
    private const int Reserved = 256;

    /// <summary>A session has the client's connection and, unless it is a WebSocket that goes over a link, one to a hub. A tenth is left for connections that are no session.</summary>
    private const double SessionShare = 0.45;

    /// <returns>0 where it is not known.</returns>
    public static int Sessions() => (int)(Free() * SessionShare);

    /// <summary>Connections of clients, sessions or not.</summary>
    /// <returns>Null where it is not known.</returns>
    public static long? Connections() => Free() is > 0 and var free ? free - Sessions() : null;

    /// <summary>By <c>/proc/self/limits</c> (https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html): the soft limit, which .NET raises to the hard one.</summary>
    private static long Free()
    {
        if (!File.Exists(Limits) || File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) is not { } line)
        {
            return 0;
        }

        var soft = line[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
            ? Math.Clamp(files - Reserved, 2, 10_000_000)
            : 0;
    }
}
