namespace Notifications.Hubs.Limits;

/// <summary>A token bucket for one connection. It needs a few bytes and no timer, because there are many connections.</summary>
internal sealed class Allowance(Rate rate, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _left = rate.Burst;
    private long _at = time.GetTimestamp();

    /// <returns>False: no token is left.</returns>
    public bool TryTake()
    {
        if (rate.IsOff)
        {
            return true;
        }

        lock (_lock)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(rate.Burst, _left + (time.GetElapsedTime(_at, now).TotalSeconds * rate.PerSecond));
            _at = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
