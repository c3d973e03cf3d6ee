using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace Notifications.Testing.Clusters;

/// <summary>
/// Counts the commands that a Redis server carries out, by <c>INFO stats</c>, second by second. A driver with ten thousand clients on its hands may hear of
/// one too late; that second counts with the next.
/// </summary>
internal sealed class RedisCommandRate(IServer redis)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The most in one second so far.</summary>
    public long Busiest { get; private set; }

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        var (before, at) = (await CountAsync(), Stopwatch.GetTimestamp());
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    var now = await CountAsync();
                    var seconds = Math.Max(1, Stopwatch.GetElapsedTime(at).TotalSeconds);
                    Busiest = Math.Max(Busiest, (long)((now - before) / seconds));
                    (before, at) = (now, Stopwatch.GetTimestamp());
                }
                catch (RedisTimeoutException)
                {
                    // Said above.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // That is the end.
        }
    }

    private async Task<long> CountAsync()
    {
        var statistics = (await redis.InfoAsync("stats")).SelectMany(section => section);
        return long.Parse(statistics.Single(field => field.Key == "total_commands_processed").Value, CultureInfo.InvariantCulture);
    }
}
