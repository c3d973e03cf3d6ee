using Notifications.Testing.History;

namespace Notifications.Benchmarks.Load;

/// <summary>What came of a <see cref="Workload"/>.</summary>
internal sealed record LoadResult
{
    public required Verdict Verdict { get; init; }

    /// <summary>How many clients were not connected, or did not get to the end of their stream, within the limit.</summary>
    public required int Behind { get; init; }

    /// <summary>Connections made after each client's first.</summary>
    public required int Reconnects { get; init; }

    /// <summary>While was published.</summary>
    public required double DeliveriesPerSecond { get; init; }

    /// <summary>From the publish to the application.</summary>
    public required WaitTimes Waits { get; init; }

    /// <summary>The longest that the driver itself stood still; no wait is shorter for clients that were due then.</summary>
    public required TimeSpan DriverStall { get; init; }

    public bool IsGreen => Verdict.IsGreen && Behind == 0;
}
