namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>
/// What was used of the processors between two readings: by the groups of the run, by name, and by all other processes, by the names of their
/// programs, most first.
/// </summary>
internal sealed record CpuUse(TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Groups, IReadOnlyList<(string Name, TimeSpan Cpu)> OtherProcesses)
{
    /// <summary>Hubs, Redis and proxy: what somebody who runs the system pays for.</summary>
    public TimeSpan Servers => Groups[ProcessGroup.Hubs] + Groups[ProcessGroup.Redis] + Groups[ProcessGroup.Proxy];

    /// <summary>The share of the machine that was not this run's.</summary>
    public double Others => OtherProcesses.Sum(process => Share(process.Cpu));

    public double Share(TimeSpan cpu) => cpu / (Elapsed * Environment.ProcessorCount);
}
