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

    /// <summary>User and system time.</summary>
    public static TimeSpan Cpu(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((double)(Number(fields[UserTime]) + Number(fields[SystemTime])) / TicksPerSecond);
    }

    /// <summary>The processors' time that was not idle, of the whole machine, and what a host above it kept for others.</summary>
    public static (TimeSpan Busy, TimeSpan Stolen) MachineCpu()
    {
        // cpu user nice system idle iowait irq softirq steal …
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        var busy = Number(fields[0]) + Number(fields[1]) + Number(fields[2]) + Number(fields[5]) + Number(fields[6]);
        return (TimeSpan.FromSeconds((double)busy / TicksPerSecond), TimeSpan.FromSeconds((double)Number(fields[7]) / TicksPerSecond));
    }

    private static IEnumerable<int> Children(int process) =>
        File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}
