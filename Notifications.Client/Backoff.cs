namespace Notifications.Client;

/// <summary>
/// How long to wait before the next attempt: a random time up to a bound, which doubles at each attempt ("full jitter"). So clients that
/// lost the same server at the same moment come back spread over time.
/// </summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max)
{
    private readonly TimeSpan _first = min;
    private TimeSpan _bound = min;

    public TimeSpan Next()
    {
        var delay = _bound * Random.Shared.NextDouble();
        _bound = _bound * 2 < max ? _bound * 2 : max;
        return delay;
    }

    public void Reset() => _bound = _first;
}
