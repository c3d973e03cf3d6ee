using System.Globalization;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Soak;

/// <summary>What a soak run showed.</summary>
internal sealed record SoakResult
{
    public required LoadResult Load { get; init; }

    public required int Clean { get; init; }

    public required int Abrupt { get; init; }

    public required int Silent { get; init; }

    public bool IsGreen => Load.IsGreen;

    public void WriteTo(TextWriter output)
    {
        Load.Verdict.WriteTo(output);
        output.WriteLine();
        output.WriteLine("| deliveries/s | wait p50 | p99 | longest | disconnects: clean | abrupt | silent | reconnects | not caught up | driver's longest stall |");
        output.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {Load.DeliveriesPerSecond:N0} | {Load.Waits.Percentile(0.5).TotalMilliseconds:0} ms | {Load.Waits.Percentile(0.99).TotalMilliseconds:0} ms | {Load.Waits.Longest.TotalSeconds:0.0} s | {Clean:N0} | {Abrupt:N0} | {Silent:N0} | {Load.Reconnects:N0} | {Load.Behind:N0} | {Load.DriverStall.TotalSeconds:0.0} s |"));
        output.WriteLine();
        output.WriteLine(IsGreen ? "Green: nothing was lost, duplicated, reordered or made up." : "Red.");
    }
}
