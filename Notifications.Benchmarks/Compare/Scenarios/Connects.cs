using System.Diagnostics;
using Notifications.Benchmarks.Compare.Measures;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>
/// Many users who connect as fast as the system takes them and then hear little: how fast, what each costs in memory, and how it is to
/// get one message among so many.
/// </summary>
/// <param name="Count">Of the connections.</param>
/// <param name="IsStraight">They go to the servers themselves, not through the proxy, whose files would not suffice for more.</param>
internal sealed record Connects(int Count, bool IsStraight) : Scenario(
    $"connect-{Count}{(IsStraight ? "-straight" : "")}", $"{Count:N0} connections{(IsStraight ? " straight to the servers" : "")}")
{
    private const int InFlight = 100;
    private const int WarmUp = 500;
    private const int WarmUpRounds = 8;
    private const int OneIn = 1_000;
    private const int Rate = 100;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    public override ScenarioResult Run(CompareSession session, LoadTimes times)
    {
        // Their requests, which hold tokens, are written before the clock runs.
        var connections = session.Add(Enumerable.Range(0, Count), straight: IsStraight);
        session.Clients.RunFor(Rest / 2);
        // Before the warm-up, which leaves room behind that connections fill again: what all of it takes belongs to the connections.
        var memory = Memory(session);

        // Others than those that count, who are gone before these come.
        for (var round = 0; round < WarmUpRounds; round++)
        {
            var first = session.Add(Enumerable.Range(Count, WarmUp), straight: IsStraight);
            session.Connect(first, InFlight);
            session.Clients.Close(first);
        }

        session.Clients.RunFor(Rest / 2);
        var before = session.ReadCpu();
        var watch = Stopwatch.StartNew();
        session.Connect(connections, InFlight);
        var seconds = watch.Elapsed.TotalSeconds;
        var cpu = before.To(session.ReadCpu());
        session.Clients.RunFor(Rest);
        var grown = Memory(session).Zip(memory, (after, then) => (after.Name, Use: after.Memory - then.Memory)).ToList();

        session.Orders.Recipient = rank => rank % (Count / OneIn) * OneIn;
        session.Clients.EachRound = session.Orders.Scheduled(Rate);
        var measured = LoadMeasurement.Take(session, times);
        var verdict = session.Check(connections);
        return measured.Result(
            [
                new("connects/s", Count / seconds),
                new("CPU per connect, hubs + Redis + proxy, µs", cpu.Servers.TotalMicroseconds / Count),
                .. cpu.Groups.Select(group => new Figure($"— {group.Key}, µs", group.Value.TotalMicroseconds / Count)),
                new("memory per connection, hubs + proxy, KB (PSS)", Kilobytes(grown.Sum(each => each.Use.Proportional))),
                .. grown.Select(each => new Figure($"— {each.Name}, KB (PSS)", Kilobytes(each.Use.Proportional))),
                new("the same by RSS, KB", Kilobytes(grown.Sum(each => each.Use.Resident))),
                new("the same by private pages, KB", Kilobytes(grown.Sum(each => each.Use.Private))),
                new($"then {Rate}/s to one in {OneIn:N0}: p50, ms", measured.Percentile(0.5)),
                new($"then {Rate}/s to one in {OneIn:N0}: p99, ms", measured.Percentile(0.99)),
            ],
            verdict);
    }

    private double Kilobytes(long bytes) => bytes / 1024d / Count;

    private static List<(string Name, MemoryReading Memory)> Memory(CompareSession session) =>
    [
        .. session.Groups.Where(group => group.Name is ProcessGroup.Hubs or ProcessGroup.Proxy).Select(group => (group.Name, MemoryReading.Of(group))),
    ];
}
