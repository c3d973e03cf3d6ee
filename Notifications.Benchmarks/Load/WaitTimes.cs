namespace Notifications.Benchmarks.Load;

/// <summary>How long notifications took from their publish to the application, to the millisecond, up to two minutes.</summary>
internal sealed class WaitTimes
{
    private readonly long[] _counts = new long[120_000];

    public long Count => _counts.Sum();

    public TimeSpan Longest => TimeSpan.FromMilliseconds(Math.Max(0, Array.FindLastIndex(_counts, count => count > 0)));

    public void Add(TimeSpan wait) =>
        Interlocked.Increment(ref _counts[Math.Clamp((long)wait.TotalMilliseconds, 0, _counts.Length - 1)]);

    /// <param name="share">Such as 0.99.</param>
    public TimeSpan Percentile(double share)
    {
        var rank = (long)Math.Ceiling(Count * share);
        var milliseconds = 0;
        for (var seen = _counts[0]; seen < rank; seen += _counts[milliseconds])
        {
            milliseconds++;
        }

        return TimeSpan.FromMilliseconds(milliseconds);
    }
}
