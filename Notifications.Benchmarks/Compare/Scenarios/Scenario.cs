using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Systems;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Compare.Scenarios;

/// <summary>One kind of load, and what is measured under it.</summary>
internal abstract record Scenario(string Name, string Title)
{
    /// <summary>Runs after others in the same life of a system, with the same 1,000 users; else in a life of its own.</summary>
    public virtual bool SharesUsers => false;

    /// <summary>Only this system can do what it asks for.</summary>
    public virtual bool IsOursOnly => false;

    public virtual SystemOptions Adapt(SystemOptions options) => options;

    public abstract ScenarioResult Run(CompareSession session, LoadTimes times);
}

/// <param name="Name">What was measured, with its unit.</param>
/// <param name="Value">In that unit.</param>
internal readonly record struct Figure(string Name, double Value);

/// <param name="Figures">In the order in which tables show them.</param>
/// <param name="Verdict">Of the checker.</param>
/// <param name="Cpu">While it measured, also what was not this run's.</param>
internal sealed record ScenarioResult(IReadOnlyList<Figure> Figures, Verdict Verdict, CpuUse Cpu);

/// <param name="WarmUp">How long a system that has just started is under full load before its loads.</param>
/// <param name="LeadIn">How long each load runs before it counts.</param>
/// <param name="Measured">How long it counts.</param>
internal sealed record LoadTimes(TimeSpan WarmUp, TimeSpan LeadIn, TimeSpan Measured);
