using System.Globalization;

namespace Notifications.Gateway.Limits;

/// <summary>
/// Computes how many connections the process may have from its limit of open files. A process that can't open more files answers no client
/// and can't reach the hubs.
/// </summary>
internal static class OpenFiles
{
    private const string Limits = "/proc/self/limits";
    private const string Line = "Max open files";

    /// <summary>Files for assemblies, logs, Redis, telemetry, and API requests to the services behind the gateway.</summary>
    private const int Reserved = 256;

    /// <summary>
    /// A session has the client's connection and, unless the session transport joins WebSockets into one, a connection to a
    /// hub. A tenth of the files is left for connections without a session.
    /// </summary>
    private const double SessionShare = 0.45;

    /// <returns>The number of sessions. 0 when the limit of open files is not known.</returns>
    public static int Sessions() => (int)(Free() * SessionShare);

    /// <summary>The number of client connections, with or without a session.</summary>
    /// <returns>Null when the limit of open files is not known.</returns>
    public static long? Connections() => Free() is > 0 and var free ? free - Sessions() : null;

    /// <summary>
    /// The soft limit in <c>/proc/self/limits</c> (https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html), less
    /// the reserved files. .NET raises the soft limit to the hard limit.
    /// </summary>
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
