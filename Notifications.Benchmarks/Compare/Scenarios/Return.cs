using Notifications.Benchmarks.Compare.Systems;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>
/// Users who were away come back at once and get what they missed, while others are served: how long it takes until all have all, and
/// what it does to the others. Only this system keeps what was missed.
/// </summary>
internal sealed record Return() : Scenario("return", $"{Returning:N0} users back at once with {Missed} missed each, while {Others:N0} others get {Rate:N0}/s")
{
    private const int Returning = 2_000;
    private const int Missed = 20;
    private const int Others = 1_000;
    private const int Rate = 1_000;
    private const int ConnectsInFlight = 50;
    private const int OrdersInARound = 50;

    private static readonly TimeSpan CursorsWritten = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public override bool IsOursOnly => true;

    // Its own protection against such a return is part of what is measured.
    public override SystemOptions Adapt(SystemOptions options) => options with { KeepsLimits = true };

    public override ScenarioResult Run(CompareSession session, LoadTimes times)
    {
        var others = session.Connect(Enumerable.Range(0, Others), ConnectsInFlight);
        var before = session.Connect(Enumerable.Range(Others, Returning), ConnectsInFlight);
        Serve(session);
        session.Clients.RunFor(times.WarmUp);

        // Each gets one and acknowledges it, so that all have a cursor to come back to.
        PublishToReturning(session, 1);
        var first = session.Check([.. others, .. before]);
        session.Clients.RunFor(CursorsWritten);
        session.Clients.Close(before);
        PublishToReturning(session, Missed);

        Serve(session);
        session.Clients.RunFor(times.LeadIn);
        var calm = new LoadMeasurement(session);
        session.Clients.RunFor(times.Measured);
        calm.End();

        var back = session.Add(Enumerable.Range(Others, Returning));
        var come = 0;
        session.Arrivals.OnArrival = arrival => come += arrival.Connection >= back[0].Index ? 1 : 0;
        var refusals = session.Clients.Refusals;
        var began = Clock.Now;
        var storm = new LoadMeasurement(session);
        session.Clients.Connect(back, inFlight: Returning);
        session.Clients.Run(() => come == Returning * Missed, Limit);
        storm.End();
        var seconds = (double)(Clock.Now - began) / Clock.Second;
        session.Arrivals.OnArrival = null;
        calm.ReadLatencies();
        storm.ReadLatencies();
        var verdict = session.Check([.. others, .. back]);
        return storm.Result(
            [
                new("until all have caught up, s", seconds),
                new("handshakes told to come later", session.Clients.Refusals - refusals),
                new("CPU per user who comes back, hubs + Redis + proxy, µs", storm.Cpu.Servers.TotalMicroseconds / Returning),
                new("p50 of the others before, ms", calm.Percentile(0.5)),
                new("p50 of the others meanwhile, ms", storm.Percentile(0.5)),
                new("p99 of the others before, ms", calm.Percentile(0.99)),
                new("p99 of the others meanwhile, ms", storm.Percentile(0.99)),
            ],
            first.IsGreen ? verdict : first);
    }

    private static void Serve(CompareSession session)
    {
        session.Orders.Recipient = rank => rank % Others;
        session.Clients.EachRound = session.Orders.Scheduled(Rate);
    }

    /// <summary>As fast as the publisher takes them.</summary>
    private static void PublishToReturning(CompareSession session, int each)
    {
        var left = Returning * each;
        session.Orders.Recipient = rank => Others + rank % Returning;
        session.Orders.StartOver();
        session.Clients.EachRound = now =>
        {
            for (var i = 0; i < OrdersInARound && left > 0; i++, left--)
            {
                session.Orders.Add(now);
            }

            session.Orders.Flush();
            return now + Clock.Millisecond;
        };
        session.Clients.RunUntil(() => left == 0, Limit, "what users are to miss to be published");
    }
}
