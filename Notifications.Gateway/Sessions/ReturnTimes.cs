namespace Notifications.Gateway.Sessions;

/// <summary>
/// Tells those who are turned away when to come back: each at the time at which the rate has a place for them, as if they stood in
/// a line. So ten thousand who come at once come back spread over as long as it takes to let them in, and not all a second later.
/// </summary>
internal sealed class ReturnTimes(double perSecond, TimeProvider time)
{
    /// <summary>Callers who do not wait until then lengthen the line for nobody by more than this.</summary>
    private const int MaxSeconds = 60;

    private readonly Lock _lock = new();

    /// <summary>How many were turned away whose time has not come.</summary>
    private double _line;
    private long _at = time.GetTimestamp();

    /// <param name="ahead">How many are let in before any of those who were turned away.</param>
    /// <returns>Whole seconds, as <c>Retry-After</c> has them.</returns>
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
