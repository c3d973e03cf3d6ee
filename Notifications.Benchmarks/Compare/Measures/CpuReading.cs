using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>What every process of the machine had used of the processors at one moment.</summary>
internal sealed class CpuReading(IReadOnlyList<ProcessGroup> groups)
{
    private readonly Dictionary<int, (string Name, TimeSpan Cpu)> _processes =
        ProcessTree.All().ToDictionary(process => process.Id, process => (process.Name, process.Cpu));

    public long Time { get; } = Clock.Now;

    /// <summary>What was used from here on. A process that was there at one of the two moments only counts from or to nothing.</summary>
    public CpuUse To(CpuReading later)
    {
        var used = later._processes.ToDictionary(
            process => process.Key,
            process => (process.Value.Name, Cpu: process.Value.Cpu - (_processes.TryGetValue(process.Key, out var before) ? before.Cpu : TimeSpan.Zero)));
        var byGroup = groups.ToDictionary(
            group => group.Name, group => Sum(group.Processes.Select(process => used.Remove(process, out var use) ? use.Cpu : TimeSpan.Zero)));
        var others = used.Values.GroupBy(process => process.Name)
            .Select(processes => (Name: processes.Key, Cpu: Sum(processes.Select(process => process.Cpu))))
            .Where(process => process.Cpu > TimeSpan.Zero);
        return new CpuUse(TimeSpan.FromTicks((later.Time - Time) / TimeSpan.NanosecondsPerTick), byGroup, [.. others.OrderByDescending(process => process.Cpu)]);
    }

    private static TimeSpan Sum(IEnumerable<TimeSpan> times) => times.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);
}
