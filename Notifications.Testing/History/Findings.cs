namespace Notifications.Testing.History;

/// <summary>Counts what is wrong, and keeps the first of each kind to look at.</summary>
internal sealed class Findings
{
    private const int ExamplesOfAKind = 5;

    private readonly List<string> _examples = [];
    private long _delivered;
    private long _lost;
    private long _duplicated;
    private long _reordered;
    private long _phantom;
    private long _gaps;
    private long _missingInGaps;

    public void Delivered() => _delivered++;

    public void Lost(int count, string reader, string what)
    {
        if (count > 0)
        {
            Example(_lost, "lost", $"{reader}: {what}");
            _lost += count;
        }
    }

    public void Duplicated(string what) => Example(_duplicated++, "duplicated", what);

    public void Reordered(string what) => Example(_reordered++, "reordered", what);

    public void Phantom(string what) => Example(_phantom++, "phantom", what);

    public void Gaps(int count) => _gaps += count;

    public void MissingInGap() => _missingInGaps++;

    public Verdict ToVerdict(long published) => new()
    {
        Published = published,
        Delivered = _delivered,
        Lost = _lost,
        Duplicated = _duplicated,
        Reordered = _reordered,
        Phantom = _phantom,
        Gaps = _gaps,
        MissingInGaps = _missingInGaps,
        Examples = _examples,
    };

    private void Example(long before, string kind, string what)
    {
        if (before < ExamplesOfAKind)
        {
            _examples.Add($"{kind}: {what}");
        }
    }
}
