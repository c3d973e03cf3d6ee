using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare;
using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Scale;

/// <summary>The same load on few and on many hub processes: what each message costs Redis and its hub, and whether all hubs are used.</summary>
internal sealed class ScaleRun(ScaleOptions options, TextWriter output, CancellationToken cancellationToken)
{
    private const int ConnectsInFlight = 50;
    private const int SessionsOfAHub = 2;
    private const int PartOfRate = 5;
    private const double Calm = 0.6;

    private static readonly TimeSpan CalmLimit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly List<Row> _rows = [];

    /// <param name="Hubs">Processes.</param>
    /// <param name="Registered">Of them in the registry.</param>
    /// <param name="Sessions">Of each hub that the gateway gave any to, of twice as many as there are hubs.</param>
    /// <param name="Redis">Processor time of Redis for a message, without what it uses at rest.</param>
    /// <param name="Hub">Processor time of a hub for a delivery of its own, without what it uses at rest.</param>
    /// <param name="RedisAtRest">The share of a core that Redis uses with all connected and nothing published.</param>
    /// <param name="HubAtRest">The share of a core that each hub uses then.</param>
    /// <param name="P99">In milliseconds.</param>
    /// <param name="Verdict">Of the checker.</param>
    private sealed record Row(
        int Hubs, int Registered, IReadOnlyList<int> Sessions, double Redis, double Hub, double RedisAtRest, double HubAtRest, double P99, Verdict Verdict)
    {
        public bool IsGreen => Verdict.IsGreen && Registered == Hubs && Sessions.Count == Hubs;
    }

    /// <returns>Whether every hub was registered, reached and used, and nothing was lost.</returns>
    public static async Task<bool> RunAsync(ScaleOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        var run = new ScaleRun(options, output, cancellationToken);
        foreach (var hubs in options.Hubs)
        {
            output.WriteLine($"Starting {hubs} hubs.");
            await run.RunAsync(hubs);
        }

        run.Write();
        return run._rows.TrueForAll(row => row.IsGreen);
    }

    private async Task RunAsync(int hubs)
    {
        await using var session = await CompareSession.StartAsync(SystemKind.Ours, new SystemOptions { Servers = hubs }, dropOneIn: 0, cancellationToken);
        var cluster = ((OurSystem)session.System).Cluster;
        output.WriteLine($"The servers log to {session.System.LogDirectory}, which is kept unless the run ends as it should.");
        var registered = (await cluster.Registry.ListAsync(cancellationToken)).Count;
        var sessions = await Affinity.CheckAsync(cluster, hubs * SessionsOfAHub, cancellationToken);
        // A thread of its own, which the clients keep until the end.
        var row = await Task.Factory.StartNew(
            () => Measure(session, cluster, registered, sessions), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _rows.Add(row);
        session.System.KeepsLogs = !row.IsGreen;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{hubs} hubs: {registered} registered, {sessions.Count} reached, Redis {row.Redis:0.0} µs a message, a hub {row.Hub:0.0} µs a delivery, p99 {row.P99:0.0} ms, {row.Verdict.Lost} lost"));
    }

    private Row Measure(CompareSession session, Cluster cluster, int registered, IReadOnlyList<int> sessions)
    {
        session.Connect(Enumerable.Range(0, options.Users), ConnectsInFlight);
        session.Orders.Recipient = rank => rank % options.Users;
        CalmDown(session);
        session.Clients.EachRound = session.Orders.Scheduled(options.Rate);
        session.Clients.RunFor(options.Times.WarmUp);
        var warm = session.Check(session.Clients.Connections);

        var before = session.ReadCpu();
        session.Clients.RunFor(Rest);
        var rest = before.To(session.ReadCpu());
        session.Clients.EachRound = session.Orders.Scheduled(options.Rate);
        var measured = LoadMeasurement.Take(session, options.Times);
        var verdict = session.Check(session.Clients.Connections);
        return new Row(
            cluster.Hubs.Count,
            registered,
            sessions,
            PerDelivery(ProcessGroup.Redis),
            PerDelivery(ProcessGroup.Hubs),
            AtRest(ProcessGroup.Redis),
            AtRest(ProcessGroup.Hubs) / cluster.Hubs.Count,
            measured.Percentile(0.99),
            warm.IsGreen ? verdict : warm);

        double AtRest(string group) => rest.Groups[group] / rest.Elapsed;

        double PerDelivery(string group) =>
            (measured.Cpu.Groups[group] - AtRest(group) * measured.Cpu.Elapsed).TotalMicroseconds / (measured.Rate * measured.Cpu.Elapsed.TotalSeconds);
    }

    /// <summary>
    /// Under a small part of the load until the machine has room: every hub compiles its own, and fifty do so for minutes on two cores.
    /// </summary>
    /// <exception cref="TimeoutException">The hubs take the machine also when they have little to do.</exception>
    private void CalmDown(CompareSession session)
    {
        session.Clients.EachRound = session.Orders.Scheduled(Math.Max(1, options.Rate / PartOfRate));
        for (var waited = TimeSpan.Zero; waited < CalmLimit; waited += Rest)
        {
            var before = session.ReadCpu();
            session.Clients.RunFor(Rest);
            var use = before.To(session.ReadCpu());
            var busy = use.Groups.Values.Sum(use.Share);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  warming up: {busy:P0} of the machine, {use.Others:P0} for others"));
            if (busy < Calm)
            {
                return;
            }
        }

        throw new TimeoutException($"After {CalmLimit.TotalSeconds:0} s under {options.Rate / PartOfRate}/s the run still takes more than {Calm:P0} of the machine.");
    }

    private void Write()
    {
        output.WriteLine();
        output.WriteLine("| hubs | in the registry | reached | sessions of a hub | Redis, µs per message | ratio | hub, µs per own delivery | ratio | Redis at rest, of a core | a hub at rest, of a core | p99 | lost |");
        output.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var reference = _rows.FirstOrDefault(row => row.Hubs == ScaleOptions.Reference);
        foreach (var row in _rows)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Hubs} | {row.Registered} | {row.Sessions.Count} | {row.Sessions.Min()} to {row.Sessions.Max()} | {row.Redis:0.0} | {Ratio(row.Redis, reference?.Redis)} | {row.Hub:0.0} | {Ratio(row.Hub, reference?.Hub)} | {row.RedisAtRest:P1} | {row.HubAtRest:P1} | {row.P99:0.0} ms | {row.Verdict.Lost} |"));
        }
    }

    private static string Ratio(double value, double? reference) =>
        reference is { } other ? (value / other).ToString("0.00", CultureInfo.InvariantCulture) : "";
}
