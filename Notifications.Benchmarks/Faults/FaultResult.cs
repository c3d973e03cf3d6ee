using System.Globalization;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>What a scenario showed.</summary>
internal sealed record FaultResult
{
    public required string What { get; init; }

    public required LoadResult Load { get; init; }

    public required IReadOnlyList<string> Violations { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public bool IsGreen => Violations.Count == 0;

    public static void WriteHeadTo(TextWriter output)
    {
        output.WriteLine("| scenario | published | delivered | lost | duplicated | reordered | gaps announced | longest wait | p99 | holds |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|");
    }

    public void WriteRowTo(TextWriter output)
    {
        var verdict = Load.Verdict;
        var what = Notes.Count == 0 ? What : $"{What}; {string.Join("; ", Notes)}";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {verdict.Published:N0} | {verdict.Delivered:N0} | {verdict.Lost:N0} | {verdict.Duplicated:N0} | {verdict.Reordered:N0} | {verdict.Gaps:N0} | {Load.Waits.Longest.TotalSeconds:0.0} s | {Load.Waits.Percentile(0.99).TotalSeconds:0.00} s | {(IsGreen ? "yes" : string.Join("; ", Violations))} |"));
    }

    public void WriteTo(TextWriter output)
    {
        Load.Verdict.WriteTo(output);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Reconnects: {Load.Reconnects}. Clients that did not catch up: {Load.Behind}. The driver's longest stall: {Load.DriverStall.TotalSeconds:0.0} s."));
        output.WriteLine();
    }
}
