using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Wire;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>What came in between two moments of a load that goes on before and after, and what it cost. Begins when it is made.</summary>
internal sealed class LoadMeasurement(CompareSession session)
{
    /// <summary>What was sent last may come this long after: nearly all of it, and the checker waits for the rest.</summary>
    private static readonly TimeSpan Tail = TimeSpan.FromSeconds(0.5);

    private readonly CpuReading _before = session.ReadCpu();
    private readonly int _first = session.Arrivals.Count;
    private CpuReading? _after;
    private int _last;
    private long[]? _latencies;

    /// <summary>Delivered in a second.</summary>
    public double Rate => Delivered / Cpu.Elapsed.TotalSeconds;

    public CpuUse Cpu => _before.To(After);

    private CpuReading After => _after ?? throw new InvalidOperationException("The measurement has not ended.");

    private int Delivered => Math.Max(1, _last - _first);

    private long[] Sorted => _latencies ?? throw new InvalidOperationException("The latencies have not been read.");

    /// <summary>A load that has begun is measured after a while, and ends.</summary>
    public static LoadMeasurement Take(CompareSession session, LoadTimes times)
    {
        session.Clients.RunFor(times.LeadIn);
        var measurement = new LoadMeasurement(session);
        session.Clients.RunFor(times.Measured);
        measurement.End();
        session.Clients.EachRound = null;
        session.Clients.RunFor(Tail);
        measurement.ReadLatencies();
        return measurement;
    }

    public void End() => (_last, _after) = (session.Arrivals.Count, session.ReadCpu());

    /// <summary>
    /// Of what was meant to be sent in that time, also of what came after it: a system that falls behind must not look fast. To be read
    /// before the checker forgets the arrivals.
    /// </summary>
    public void ReadLatencies()
    {
        _latencies = [.. session.Arrivals.All.Where(arrival => IsOfThisTime(arrival.Number)).Select(arrival => arrival.Latency)];
        Array.Sort(_latencies);
    }

    public ScenarioResult Result(IEnumerable<Figure> figures, Verdict verdict) => new([.. figures], verdict, Cpu);

    public IEnumerable<Figure> LatencyFigures() =>
        [new("p50, ms", Percentile(0.5)), new("p99, ms", Percentile(0.99)), new("p99.9, ms", Percentile(0.999))];

    public IEnumerable<Figure> CpuFigures() =>
    [
        new("CPU per delivery, hubs + Redis + proxy, µs", Cpu.Servers.TotalMicroseconds / Delivered),
        .. Cpu.Groups.Select(group => new Figure($"— {group.Key}, µs", group.Value.TotalMicroseconds / Delivered)),
    ];

    /// <returns>In milliseconds.</returns>
    public double Percentile(double share) =>
        Sorted.Length == 0 ? double.NaN : (double)Sorted[(int)Math.Ceiling(Sorted.Length * share) - 1] / Clock.Millisecond;

    private bool IsOfThisTime(int number) =>
        session.Orders.Has(number) && session.Orders.Of(number).Intended is var intended && intended >= _before.Time && intended < After.Time;
}
