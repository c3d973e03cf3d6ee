using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>One thing that goes wrong under load, and what must hold then.</summary>
internal abstract class FaultScenario(string name, string what)
{
    /// <summary>What the command calls it, such as <c>hub-kill</c>.</summary>
    public string Name => name;

    /// <summary>What happens, for the table.</summary>
    public string What => what;

    /// <summary>The longest that a notification may take to its application; null: as long as the fault lasts.</summary>
    public virtual TimeSpan? LongestWait => null;

    public virtual ClusterOptions Cluster { get; } = new() { Gateways = 2 };

    /// <summary>Where orders are placed: whether an owner may be told of one twice.</summary>
    public virtual bool OrdersMayBeToldAgain => false;

    /// <summary>The load, where that of the other scenarios does not do.</summary>
    public virtual LoadOptions Load(LoadOptions standard, bool isBrief) => standard;

    /// <summary>Does it, while the workload runs, and returns when it is over.</summary>
    public abstract Task RunAsync(FaultStage stage, CancellationToken cancellationToken);

    /// <summary>What does not hold. Unless a scenario loses data on purpose: anything lost, duplicated, reordered, made up, or announced as gone.</summary>
    public virtual IEnumerable<string> Violations(LoadResult result)
    {
        if (!result.Verdict.IsGreen)
        {
            yield return "lost, duplicated, reordered or phantom is not 0";
        }

        if (result.Verdict.Gaps > 0)
        {
            yield return $"{result.Verdict.Gaps} gaps were announced";
        }
    }
}

internal sealed class FaultStage(Cluster cluster, Workload workload, bool isBrief, TextWriter output) : ScenarioStage(cluster, isBrief)
{
    private readonly List<string> _notes = [];

    public Workload Workload => workload;

    /// <summary>What was measured besides, for the table.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public void Say(string what) => output.WriteLine(what);

    public void Note(string what)
    {
        output.WriteLine(what);
        _notes.Add(what);
    }
}
