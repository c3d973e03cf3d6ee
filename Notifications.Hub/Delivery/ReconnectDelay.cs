namespace Notifications.Hubs.Delivery;

/// <summary>How long to wait before each next attempt at a connection that was lost: from a quarter of a second at first to 5 s.</summary>
internal sealed class ReconnectDelay
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _bound = First;

    /// <summary>Half of the bound at least, so that a server that is away is left alone, and the rest at random, so that those that lost it together come back apart.</summary>
    public TimeSpan Next()
    {
        var delay = _bound * (0.5 + (Random.Shared.NextDouble() / 2));
        _bound = _bound * 2 < Longest ? _bound * 2 : Longest;
        return delay;
    }

    /// <summary>To be called when the connection stands.</summary>
    public void Reset() => _bound = First;
}
