namespace Notifications.Hubs.Delivery;

/// <summary>The delay before each attempt to make a lost connection again. Its bound doubles from a quarter of a second to 5 s.</summary>
internal sealed class ReconnectDelay
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _bound = First;

    /// <summary>
    /// The delay is at least half of the bound, to spare a server that is away. The rest is random: instances that lost it together do not return together.
    /// </summary>
    public TimeSpan Next()
    {
        var delay = _bound * (0.5 + (Random.Shared.NextDouble() / 2));
        _bound = _bound * 2 < Longest ? _bound * 2 : Longest;
        return delay;
    }

    /// <summary>Call it when the connection works.</summary>
    public void Reset() => _bound = First;
}
