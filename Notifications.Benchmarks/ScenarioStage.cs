using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks;

/// <summary>What a scenario has to work with.</summary>
internal abstract class ScenarioStage(Cluster cluster, bool isBrief)
{
    private readonly List<string> _violations = [];

    public Cluster Cluster => cluster;

    /// <summary>The short form is run.</summary>
    public bool IsBrief => isBrief;

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>The size or the length of something: as the full scenario has it, or as its short form does.</summary>
    public T Length<T>(T full, T brief) => isBrief ? brief : full;

    public void Require(bool holds, string what)
    {
        if (!holds)
        {
            _violations.Add($"not so: {what}");
        }
    }
}
