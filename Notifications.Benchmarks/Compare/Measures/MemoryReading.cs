using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Compare.Measures;

/// <summary>
/// Memory of a group of processes in bytes, by <c>/proc/{id}/smaps_rollup</c>: what is resident, the same with shared pages split among
/// those that share them, and what is the process's alone.
/// </summary>
internal readonly record struct MemoryReading(long Resident, long Proportional, long Private)
{
    public static MemoryReading Of(ProcessGroup group) => group.Processes.Select(Of).Aggregate((sum, each) => sum + each);

    public static MemoryReading operator +(MemoryReading one, MemoryReading other) =>
        new(one.Resident + other.Resident, one.Proportional + other.Proportional, one.Private + other.Private);

    public static MemoryReading operator -(MemoryReading one, MemoryReading other) =>
        new(one.Resident - other.Resident, one.Proportional - other.Proportional, one.Private - other.Private);

    private static MemoryReading Of(int process)
    {
        var lines = File.ReadAllLines($"/proc/{process}/smaps_rollup");
        return new MemoryReading(Bytes("Rss:"), Bytes("Pss:"), Bytes("Private_Clean:") + Bytes("Private_Dirty:"));

        long Bytes(string name) => ProcessMemory.Bytes(lines, name);
    }
}
