namespace Notifications.Hubs.Delivery;

/// <summary>The delay before each attempt to reach a Redis that is away. Its bound doubles from a quarter of a second to 5 s.</summary>
/// <param name="least">
/// The share of the bound that a delay has at least, to spare a server that is away. The rest is random, so that attempts that failed together are not repeated
/// together.
/// </param>
internal sealed class RetryDelay(double least)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _bound = First;

    public TimeSpan Next()
    {
        var delay = _bound * (least + ((1 - least) * Random.Shared.NextDouble()));
        _bound = _bound * 2 < Longest ? _bound * 2 : Longest;
        return delay;
    }

    /// <summary>Call it when Redis has answered.</summary>
    public void Reset() => _bound = First;
}
