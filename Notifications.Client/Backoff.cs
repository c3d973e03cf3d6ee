namespace Notifications.Client;

/// <summary>
/// How long to wait before the next attempt: a random time up to a bound, which doubles at each attempt ("full jitter"). So clients that
/// lost the same server at the same moment come back spread over time.
/// </summary>
internal sealed class Backoff(NotificationClientOptions options)
{
    private TimeSpan _bound = options.MinDelay;

    public TimeSpan Next()
    {
        var delay = _bound * Random.Shared.NextDouble();
        _bound = _bound * 2 < options.MaxDelay ? _bound * 2 : options.MaxDelay;
        return delay;
    }

    public void Reset() => _bound = options.MinDelay;
}
