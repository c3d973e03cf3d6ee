namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>What was used of the processors between two readings.</summary>
/// <param name="Elapsed">Between them.</param>
/// <param name="Groups">By name.</param>
/// <param name="OtherProcesses">All that does not belong to the run, by the names of the programs, most first.</param>
internal sealed record CpuUse(TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Groups, IReadOnlyList<(string Name, TimeSpan Cpu)> OtherProcesses)
{
    /// <summary>Hubs, Redis and proxy: what somebody who runs the system pays for.</summary>
    public TimeSpan Servers => Groups[ProcessGroup.Hubs] + Groups[ProcessGroup.Redis] + Groups[ProcessGroup.Proxy];

    /// <summary>The share of the machine that was not this run's.</summary>
    public double Others => OtherProcesses.Sum(process => Share(process.Cpu));

    public double Share(TimeSpan cpu) => cpu / (Elapsed * Environment.ProcessorCount);
}
