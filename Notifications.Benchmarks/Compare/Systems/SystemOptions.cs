namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>How a compared system is started.</summary>
internal sealed record SystemOptions
{
    /// <summary>Hub processes, or what a peer has in their place.</summary>
    public int Servers { get; init; } = 3;

    /// <summary>How often a connection of this system acknowledges at most.</summary>
    public TimeSpan AcknowledgeInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>This system's gateway lets in as many as it ships with, not all that come.</summary>
    public bool KeepsLimits { get; init; }
}
