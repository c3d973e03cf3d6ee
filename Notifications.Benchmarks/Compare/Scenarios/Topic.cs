using Notifications.Benchmarks.Compare.Publishing;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>One message a tenth of a second to a topic that many listen to: each costs a delivery to every one of them.</summary>
internal sealed record Topic() : Scenario("topic", $"a topic of {Subscribers:N0} subscribers, {Rate}/s")
{
    private const int Subscribers = 1_000;
    private const int Rate = 10;
    private const int WarmUpFactor = 5;
    private const int ConnectsInFlight = 50;

    public override ScenarioResult Run(CompareSession session, LoadTimes times)
    {
        var subscribers = session.Connect(Enumerable.Range(0, Subscribers), ConnectsInFlight, Order.TopicName);
        session.Orders.Recipient = _ => Order.Topic;

        session.Clients.EachRound = session.Orders.Scheduled(Rate * WarmUpFactor);
        session.Clients.RunFor(times.WarmUp);
        var warm = session.Check(subscribers);
        session.Clients.EachRound = session.Orders.Scheduled(Rate);
        var measured = LoadMeasurement.Take(session, times);
        var verdict = session.Check(subscribers);
        return measured.Result([.. measured.CpuFigures(), .. measured.LatencyFigures()], warm.IsGreen ? verdict : warm);
    }
}
