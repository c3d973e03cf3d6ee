namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>Messages of 200 bytes, each to one of 1,000 users in turn.</summary>
internal abstract record UserLoad(string Name, string Title) : Scenario(Name, Title)
{
    public const int Users = 1_000;

    public override bool SharesUsers => true;

    public override ScenarioResult Run(CompareSession session, LoadTimes times)
    {
        session.Orders.Recipient = rank => rank % Users;
        Begin(session);
        var measured = LoadMeasurement.Take(session, times);
        session.Arrivals.OnArrival = null;
        return measured.Result(Figures(measured), session.Check(session.Clients.Connections));
    }

    protected abstract void Begin(CompareSession session);

    protected abstract IEnumerable<Figure> Figures(LoadMeasurement measured);
}

/// <summary>A window of messages is under way all the time; each that arrives makes room for the next.</summary>
internal sealed record ClosedLoop(int Window) : UserLoad("closed", $"1,000 users, closed loop, {Window} under way")
{
    protected override void Begin(CompareSession session)
    {
        var due = Window;
        session.Arrivals.OnArrival = _ => due++;
        session.Clients.EachRound = now =>
        {
            for (; due > 0; due--)
            {
                session.Orders.Add(now);
            }

            session.Orders.Flush();
            return long.MaxValue;
        };
    }

    protected override IEnumerable<Figure> Figures(LoadMeasurement measured) =>
        [new("delivered/s", measured.Rate), .. measured.CpuFigures(), .. measured.LatencyFigures()];
}

/// <summary>So many messages a second, by the clock.</summary>
internal sealed record OpenLoop(int Rate) : UserLoad($"open-{Rate}", $"1,000 users, open loop, {Rate:N0}/s")
{
    protected override void Begin(CompareSession session) => session.Clients.EachRound = session.Orders.Scheduled(Rate);

    protected override IEnumerable<Figure> Figures(LoadMeasurement measured) => [.. measured.LatencyFigures(), .. measured.CpuFigures()];
}
