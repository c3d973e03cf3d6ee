using System.Globalization;

namespace Notifications.Testing.History;

/// <summary>What <see cref="DeliveryHistory.Check"/> found.</summary>
internal sealed record Verdict
{
    /// <summary>Publishes acknowledged to their publisher.</summary>
    public required long Published { get; init; }

    /// <summary>Notifications given to the application, by all readers.</summary>
    public required long Delivered { get; init; }

    /// <summary>Acknowledged to its publisher, and never given to a reader of the stream, who was not told of a gap there either.</summary>
    public required long Lost { get; init; }

    /// <summary>Given to the application again.</summary>
    public required long Duplicated { get; init; }

    /// <summary>Given to the application after one of a higher offset, or of an epoch that the reader had left. A swapped pair is one.</summary>
    public required long Reordered { get; init; }

    /// <summary>Given to the application without, or at another place than, an acknowledged publish.</summary>
    public required long Phantom { get; init; }

    /// <summary>How often a reader was told that notifications are gone.</summary>
    public required long Gaps { get; init; }

    /// <summary>How many a reader did not get and was told so.</summary>
    public required long MissingInGaps { get; init; }

    /// <summary>The first few of each kind.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>Nothing was wrong. Announced gaps are not: the reader knows.</summary>
    public bool IsGreen => (Lost, Duplicated, Reordered, Phantom) == (0, 0, 0, 0);

    public void WriteTo(TextWriter output)
    {
        output.WriteLine("| published | delivered | lost | duplicated | reordered | phantom | gaps announced | missing in gaps |");
        output.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {Published:N0} | {Delivered:N0} | {Lost:N0} | {Duplicated:N0} | {Reordered:N0} | {Phantom:N0} | {Gaps:N0} | {MissingInGaps:N0} |"));
        foreach (var example in Examples)
        {
            output.WriteLine($"  {example}");
        }
    }
}
