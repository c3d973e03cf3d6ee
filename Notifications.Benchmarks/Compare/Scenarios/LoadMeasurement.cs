using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Wire;
using Notifications.Benchmarks.History;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>What came in between two moments of a load that goes on before and after, and what it cost.</summary>
internal sealed class LoadMeasurement
{
    private readonly CpuUse _cpu;
    private readonly int _delivered;
    private readonly long[] _latencies;

    private LoadMeasurement(CpuUse cpu, int delivered, long[] latencies) => (_cpu, _delivered, _latencies) = (cpu, delivered, latencies);

    /// <summary>Delivered in a second.</summary>
    public double Rate => _delivered / _cpu.Elapsed.TotalSeconds;

    /// <summary>Runs the clients: the load has begun, and goes on when this returns.</summary>
    public static LoadMeasurement Take(CompareSession session, LoadTimes times)
    {
        session.Clients.RunFor(times.LeadIn);
        var first = session.Arrivals.Count;
        var before = session.ReadCpu();
        session.Clients.RunFor(times.Measured);
        var after = session.ReadCpu();
        var last = session.Arrivals.Count;

        // What was meant to be sent in that time, also if it came later: a system that falls behind must not look fast.
        session.Clients.EachRound = null;
        session.Clients.RunFor(Tail);
        var latencies = session.Arrivals.All.Where(arrival => IsBetween(session, arrival.Number, before.Time, after.Time)).Select(arrival => arrival.Latency).Order();
        return new LoadMeasurement(before.To(after), last - first, [.. latencies]);
    }

    private static TimeSpan Tail => TimeSpan.FromSeconds(0.5);

    public ScenarioResult Result(IEnumerable<Figure> figures, Verdict verdict) =>
        new([.. figures], verdict, _cpu.Others / (_cpu.Elapsed * Environment.ProcessorCount));

    public IEnumerable<Figure> Latencies() =>
        [new("p50, ms", Percentile(0.5)), new("p99, ms", Percentile(0.99)), new("p99.9, ms", Percentile(0.999))];

    public IEnumerable<Figure> Cpu() =>
    [
        new("CPU per delivery, hubs + Redis + proxy, µs", PerDelivery(_cpu.Servers)),
        .. _cpu.Groups.Select(group => new Figure($"— {group.Key}, µs", PerDelivery(group.Value))),
    ];

    private double PerDelivery(TimeSpan cpu) => cpu.TotalMicroseconds / Math.Max(1, _delivered);

    private double Percentile(double share) =>
        _latencies.Length == 0 ? 0 : (double)_latencies[(int)Math.Ceiling(_latencies.Length * share) - 1] / Clock.Millisecond;

    private static bool IsBetween(CompareSession session, int number, long from, long to) =>
        session.Orders.Has(number) && session.Orders.Of(number).Intended is var intended && intended >= from && intended < to;
}
