using System.Diagnostics;

namespace Notifications.Testing.Clusters;

/// <summary>Waits for what happens in other processes.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <exception cref="TimeoutException">The condition did not come true within the limit.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!await WithinAsync(condition, limit, cancellationToken))
        {
            throw new TimeoutException($"Waited {limit.TotalSeconds:0.#} s for {what}.");
        }
    }

    /// <returns>False if the condition did not come true within the limit.</returns>
    public static async Task<bool> WithinAsync(Func<Task<bool>> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit)
            {
                return false;
            }

            await Task.Delay(Interval, cancellationToken);
        }

        return true;
    }
}
