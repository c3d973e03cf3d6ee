using System.Globalization;

namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>What Linux tells about processes in <c>/proc</c> (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).</summary>
internal static class ProcessTree
{
    // Of the fields behind the command's name in parentheses, which may hold anything.
    private const int UserTime = 11;
    private const int SystemTime = 12;

    // USER_HZ: what /proc counts in is 100 on every architecture that .NET runs on.
    private const int TicksPerSecond = 100;

    public static IEnumerable<int> WithDescendants(int process)
    {
        yield return process;
        foreach (var child in Children(process).SelectMany(WithDescendants))
        {
            yield return child;
        }
    }

    /// <summary>Every process that there is, with its name and its user and system time.</summary>
    public static IEnumerable<(int Id, string Name, TimeSpan Cpu)> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Read(id) is { } process)
            {
                yield return (id, process.Name, process.Cpu);
            }
        }
    }

    /// <returns>Null if it has ended.</returns>
    private static (string Name, TimeSpan Cpu)? Read(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var end = stat.LastIndexOf(')');
            var fields = stat[(end + 2)..].Split(' ');
            return (stat[(stat.IndexOf('(') + 1)..end], TimeSpan.FromSeconds((double)(Number(fields[UserTime]) + Number(fields[SystemTime])) / TicksPerSecond));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Children(int process) =>
        File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}
