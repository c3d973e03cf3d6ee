using System.Globalization;

namespace Notifications.Testing.History;

/// <summary>What <see cref="DeliveryHistory.Check"/> found: how much is wrong, and the first of each kind to look at.</summary>
/// <param name="published">Publishes acknowledged to their publisher.</param>
internal sealed class Verdict(long published)
{
    private const int ExamplesOfAKind = 5;

    private readonly List<string> _examples = [];

    public long Published => published;

    /// <summary>Notifications given to the application, by all readers.</summary>
    public long Delivered { get; private set; }

    /// <summary>Acknowledged to its publisher, and never given to a reader of the stream, who was not told of a gap there either.</summary>
    public long Lost { get; private set; }

    /// <summary>Given to the application again.</summary>
    public long Duplicated { get; private set; }

    /// <summary>Given to the application after one of a higher offset, or of an epoch that the reader had left. A swapped pair is one.</summary>
    public long Reordered { get; private set; }

    /// <summary>Given to the application without, or at another place than, an acknowledged publish.</summary>
    public long Phantom { get; private set; }

    /// <summary>How often a reader was told that notifications are gone.</summary>
    public long Gaps { get; private set; }

    /// <summary>How many a reader did not get and was told so.</summary>
    public long MissingInGaps { get; private set; }

    public IReadOnlyList<string> Examples => _examples;

    /// <summary>Nothing was wrong. Announced gaps are not: the reader knows.</summary>
    public bool IsGreen => (Lost, Duplicated, Reordered, Phantom) == (0, 0, 0, 0);

    public void AddDelivered() => Delivered++;

    public void AddLost(int count, string reader, string what)
    {
        if (count > 0)
        {
            AddExample(Lost, "lost", $"{reader}: {what}");
            Lost += count;
        }
    }

    public void AddDuplicated(string what) => AddExample(Duplicated++, "duplicated", what);

    public void AddReordered(string what) => AddExample(Reordered++, "reordered", what);

    public void AddPhantom(string what) => AddExample(Phantom++, "phantom", what);

    public void AddGaps(int count) => Gaps += count;

    public void AddMissingInGap() => MissingInGaps++;

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

    private void AddExample(long before, string kind, string what)
    {
        if (before < ExamplesOfAKind)
        {
            _examples.Add($"{kind}: {what}");
        }
    }
}
