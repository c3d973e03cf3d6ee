using System.Globalization;

namespace Notifications.Benchmarks.Attacks;

/// <summary>In bytes, before and after an attack.</summary>
internal sealed record MemoryChange(string Process, long Before, long After);

/// <summary>What the others had of an attack.</summary>
internal sealed record AttackResult
{
    /// <summary>What a process may hold more after an attack than before, in bytes: its collector takes its time to give back.</summary>
    public const long MemoryBound = 96 * 1024 * 1024;

    /// <summary>The others' p99 may be ten times what it was, and below this it proves nothing on a machine that the attacker shares.</summary>
    public static readonly TimeSpan WaitFloor = TimeSpan.FromMilliseconds(250);

    private const int WaitRatio = 10;

    public required string What { get; init; }

    public required string Answer { get; init; }

    public required TimeSpan WaitBefore { get; init; }

    public required TimeSpan WaitDuring { get; init; }

    public required IReadOnlyList<MemoryChange> Memory { get; init; }

    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>Whether the others' waits count: they say nothing where other programs use the machine too, such as other tests.</summary>
    public required bool JudgesWaits { get; init; }

    public bool IsGreen => !AllViolations.Any();

    private IEnumerable<string> AllViolations
    {
        get
        {
            foreach (var violation in Violations)
            {
                yield return violation;
            }

            var bound = WaitBefore * WaitRatio > WaitFloor ? WaitBefore * WaitRatio : WaitFloor;
            if (JudgesWaits && WaitDuring > bound)
            {
                yield return $"the others' p99 was {WaitDuring.TotalMilliseconds:0} ms, above {bound.TotalMilliseconds:0} ms";
            }

            foreach (var change in Memory.Where(change => change.After - change.Before > MemoryBound))
            {
                yield return $"{change.Process} holds {Megabytes(change.After - change.Before)} MB more";
            }
        }
    }

    public static void WriteHeadTo(TextWriter output)
    {
        output.WriteLine("| attack | answer | others' p99 before | during | gateway's memory before → after | hubs' | holds |");
        output.WriteLine("|---|---|---:|---:|---:|---:|---|");
    }

    public void WriteRowTo(TextWriter output) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {What} | {Answer} | {WaitBefore.TotalMilliseconds:0} ms | {WaitDuring.TotalMilliseconds:0} ms | {Of(isGateway: true)} | {Of(isGateway: false)} | {(IsGreen ? "yes" : string.Join("; ", AllViolations))} |"));

    private string Of(bool isGateway)
    {
        var those = Memory.Where(change => change.Process.StartsWith("gateway", StringComparison.Ordinal) == isGateway).ToArray();
        return $"{Megabytes(those.Sum(change => change.Before))} → {Megabytes(those.Sum(change => change.After))} MB";
    }

    private static string Megabytes(long bytes) => (bytes / 1024d / 1024).ToString("0", CultureInfo.InvariantCulture);
}
