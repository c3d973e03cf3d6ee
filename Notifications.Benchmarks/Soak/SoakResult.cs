using System.Globalization;
using Notifications.Benchmarks.History;

namespace Notifications.Benchmarks.Soak;

/// <summary>What a soak run showed.</summary>
internal sealed record SoakResult
{
    public required Verdict Verdict { get; init; }

    /// <summary>How many clients did not get to the end of their stream within the limit.</summary>
    public required int Behind { get; init; }

    public required int Clean { get; init; }

    public required int Abrupt { get; init; }

    public required int Silent { get; init; }

    /// <summary>Connections made after each client's first.</summary>
    public required int Reconnects { get; init; }

    public required double DeliveriesPerSecond { get; init; }

    public required WaitTimes Waits { get; init; }

    /// <summary>The longest that the driver itself stood still; no wait is shorter for clients that were due then.</summary>
    public required TimeSpan DriverStall { get; init; }

    public bool IsGreen => Verdict.IsGreen && Behind == 0;

    public void WriteTo(TextWriter output)
    {
        Verdict.WriteTo(output);
        output.WriteLine();
        output.WriteLine("| deliveries/s | wait p50 | p99 | longest | disconnects: clean | abrupt | silent | reconnects | not caught up | driver's longest stall |");
        output.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {DeliveriesPerSecond:N0} | {Waits.Percentile(0.5).TotalMilliseconds:0} ms | {Waits.Percentile(0.99).TotalMilliseconds:0} ms | {Waits.Longest.TotalSeconds:0.0} s | {Clean:N0} | {Abrupt:N0} | {Silent:N0} | {Reconnects:N0} | {Behind:N0} | {DriverStall.TotalSeconds:0.0} s |"));
        output.WriteLine();
        output.WriteLine(IsGreen ? "Green: nothing was lost, duplicated, reordered or made up." : "Red.");
    }
}
