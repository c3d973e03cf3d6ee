using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Wire;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>What came in between two moments of a load that goes on before and after, and what it cost.</summary>
internal sealed class LoadMeasurement
{
    /// <summary>What was sent last may come this long after: nearly all of it, and the checker waits for the rest.</summary>
    private static readonly TimeSpan Tail = TimeSpan.FromSeconds(0.5);

    private readonly CompareSession _session;
    private readonly CpuReading _before;
    private readonly int _first;
    private CpuReading? _after;
    private int _last;
    private long[]? _latencies;

    private LoadMeasurement(CompareSession session) => (_session, _before, _first) = (session, session.ReadCpu(), session.Arrivals.Count);

    /// <summary>Delivered in a second.</summary>
    public double Rate => Delivered / Cpu.Elapsed.TotalSeconds;

    public CpuUse Cpu => _before.To(After);

    private CpuReading After => _after ?? throw new InvalidOperationException("The measurement has not ended.");

    private int Delivered => Math.Max(1, _last - _first);

    private long[] Sorted => _latencies ?? throw new InvalidOperationException("The latencies have not been read.");

    public static LoadMeasurement Begin(CompareSession session) => new(session);

    /// <summary>A load that has begun is measured after a while, and ends.</summary>
    public static LoadMeasurement Take(CompareSession session, LoadTimes times)
    {
        session.Clients.RunFor(times.LeadIn);
        var measurement = Begin(session);
        session.Clients.RunFor(times.Measured);
        measurement.End();
        session.Clients.EachRound = null;
        session.Clients.RunFor(Tail);
        measurement.ReadLatencies();
        return measurement;
    }

    public void End() => (_last, _after) = (_session.Arrivals.Count, _session.ReadCpu());

    /// <summary>
    /// Of what was meant to be sent in that time, also of what came after it: a system that falls behind must not look fast. To be read
    /// before the checker forgets the arrivals.
    /// </summary>
    public void ReadLatencies()
    {
        _latencies = [.. _session.Arrivals.All.Where(arrival => IsOfThisTime(arrival.Number)).Select(arrival => arrival.Latency)];
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
        _session.Orders.Has(number) && _session.Orders.Of(number).Intended is var intended && intended >= _before.Time && intended < After.Time;
}
