using System.Globalization;

namespace Notifications.Testing.Clusters;

internal static class ProcessMemory
{
    private const int Kilobyte = 1024;

    /// <summary>
    /// The memory in bytes that a process holds for itself, without files that it has mapped: <c>RssAnon</c> of Linux's
    /// <c>/proc/{id}/status</c> (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
    /// </summary>
    public static long Anonymous(int processId) => Bytes(File.ReadLines($"/proc/{processId}/status"), "RssAnon:");

    /// <summary>What the line of this name says in kB, in bytes.</summary>
    public static long Bytes(IEnumerable<string> lines, string name)
    {
        var line = lines.First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * Kilobyte;
    }
}
