namespace Notifications.Client;

/// <summary>
/// How long to wait before the next attempt: anything up to a bound that doubles. Clients that lost the same server at the same
/// moment so come back spread over time ("full jitter").
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
