using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Soak;

/// <summary>
/// Takes clients' connections away at random, all the time, in the three ways that programs learn of at different times: at once
/// and in order, at once, and only by waiting for what does not come.
/// </summary>
internal sealed class Disturbance(IReadOnlyList<ClientGroup> groups)
{
    private static readonly TimeSpan LongestAway = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    private readonly int _groupSize = groups.Max(group => group.Clients.Count);
    private int _clean;
    private int _abrupt;
    private int _silent;

    /// <summary>Clients stopped and started again.</summary>
    public int Clean => _clean;

    /// <summary>Connections reset.</summary>
    public int Abrupt => _abrupt;

    /// <summary>Connections whose bytes were swallowed without a close.</summary>
    public int Silent => _silent;

    /// <summary>
    /// Until cancelled, so many clients a second on average lose their connections. When it returns the network is whole and every client was
    /// started again.
    /// </summary>
    public async Task RunAsync(int perSecond, CancellationToken cancellationToken)
    {
        if (perSecond == 0)
        {
            return;
        }

        var pause = TimeSpan.FromSeconds((double)_groupSize / perSecond);
        var underWay = new List<Task>();
        while (!cancellationToken.IsCancellationRequested)
        {
            await PauseAsync(pause, cancellationToken);
            underWay.RemoveAll(task => task.IsCompletedSuccessfully);
            var group = groups[Random.Shared.Next(groups.Count)];
            if (group.TryTake())
            {
                underWay.Add(DisturbAsync(group, cancellationToken));
            }
        }

        await Task.WhenAll(underWay);
    }

    private async Task DisturbAsync(ClientGroup group, CancellationToken cancellationToken)
    {
        switch (Random.Shared.Next(3))
        {
            case 0:
                await Task.WhenAll(group.Clients.Select(client => RestartAsync(client, cancellationToken)));
                break;
            case 1:
                Interlocked.Add(ref _abrupt, group.Connected);
                await group.CutAsync();
                break;
            default:
                Interlocked.Add(ref _silent, group.Connected);
                group.Silence();
                await PauseAsync(LongestSilence * Random.Shared.NextDouble(), cancellationToken);
                group.Heal();
                break;
        }

        group.GiveBack();
    }

    private async Task RestartAsync(LoadClient client, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _clean);
        await client.StopAsync();
        await PauseAsync(LongestAway * Random.Shared.NextDouble(), cancellationToken);
        // It connects in its own time, also after the end.
        _ = client.StartAsync(CancellationToken.None);
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken cancellationToken) =>
        await Task.Delay(time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
