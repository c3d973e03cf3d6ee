namespace Notifications.Gateway.Sessions;

/// <summary>
/// Tells refused callers when to come back: each at the time when the rate has a place for them, as if they stood in a line. So ten thousand
/// callers do not all come back a second later. They come back as fast as they can be let in.
/// </summary>
internal sealed class ReturnTimes(double perSecond, TimeProvider time)
{
    /// <summary>The line is never longer than this, so callers that come back too early can't lengthen it without end.</summary>
    private const int MaxSeconds = 60;

    private readonly Lock _lock = new();

    /// <summary>The number of refused callers whose time has not come yet.</summary>
    private double _line;
    private long _at = time.GetTimestamp();

    /// <param name="ahead">The number of callers that are let in before all refused callers.</param>
    /// <returns>The wait in whole seconds, for <c>Retry-After</c>.</returns>
    public int Next(int ahead)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _line = Math.Max(0, _line - (perSecond * time.GetElapsedTime(_at, now).TotalSeconds)) + 1;
            _at = now;
            var seconds = (int)Math.Ceiling((ahead + _line) / perSecond);
            if (seconds <= MaxSeconds)
            {
                return seconds;
            }

            _line = MaxSeconds * perSecond;
            return Random.Shared.Next(1, MaxSeconds + 1);
        }
    }
}
