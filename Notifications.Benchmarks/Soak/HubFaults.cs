using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Soak;

/// <summary>One hub dies without a word and is started again; another one stands still for a while.</summary>
internal static class HubFaults
{
    private static readonly TimeSpan Dead = TimeSpan.FromSeconds(2);

    /// <summary>Within <paramref name="time"/>: the kill after a fifth of it, the pause a fifth after the restart.</summary>
    public static async Task RunAsync(Cluster cluster, TimeSpan time, TimeSpan pause, TextWriter output, CancellationToken cancellationToken)
    {
        var (killed, paused) = (cluster.Hubs[0], cluster.Hubs[^1]);
        await Task.Delay(time / 5, cancellationToken);
        await killed.KillAsync();
        output.WriteLine($"{killed.Name} was killed (SIGKILL).");
        await Task.Delay(Dead, cancellationToken);
        await killed.StartAsync(cancellationToken);
        output.WriteLine($"{killed.Name} was started again.");

        await Task.Delay(time / 5, cancellationToken);
        output.WriteLine($"{paused.Name} is paused (SIGSTOP).");
        await paused.PauseAsync(pause, cancellationToken);
        output.WriteLine($"{paused.Name} goes on (SIGCONT).");
    }
}
