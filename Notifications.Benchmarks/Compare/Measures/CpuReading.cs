using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>What each group of processes, and the whole machine, had used of the processors at one moment.</summary>
internal sealed class CpuReading
{
    private readonly Dictionary<string, TimeSpan> _groups;

    private CpuReading(long time, Dictionary<string, TimeSpan> groups, (TimeSpan Busy, TimeSpan Stolen) machine) =>
        (Time, _groups, Machine) = (time, groups, machine);

    public long Time { get; }

    public (TimeSpan Busy, TimeSpan Stolen) Machine { get; }

    public static CpuReading Of(IEnumerable<ProcessGroup> groups) => new(
        Clock.Now,
        groups.ToDictionary(group => group.Name, group => group.Processes.Aggregate(TimeSpan.Zero, (sum, process) => sum + ProcessTree.Cpu(process))),
        ProcessTree.MachineCpu());

    public CpuUse To(CpuReading later)
    {
        var groups = _groups.ToDictionary(group => group.Key, group => later._groups[group.Key] - group.Value);
        var own = groups.Values.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);
        return new CpuUse(
            TimeSpan.FromTicks((later.Time - Time) / TimeSpan.NanosecondsPerTick),
            groups,
            later.Machine.Busy - Machine.Busy - own,
            later.Machine.Stolen - Machine.Stolen);
    }
}

/// <summary>What was used between two readings.</summary>
/// <param name="Elapsed">Between them.</param>
/// <param name="Groups">By name.</param>
/// <param name="Others">By all that does not belong to the run, in processor time.</param>
/// <param name="Stolen">By the machine's host.</param>
internal sealed record CpuUse(TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Groups, TimeSpan Others, TimeSpan Stolen)
{
    /// <summary>Hubs, Redis and proxy: what somebody who runs the system pays for.</summary>
    public TimeSpan Servers => Groups[ProcessGroup.Hubs] + Groups[ProcessGroup.Redis] + Groups[ProcessGroup.Proxy];
}
