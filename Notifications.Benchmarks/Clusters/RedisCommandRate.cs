using System.Globalization;
using StackExchange.Redis;

namespace Notifications.Benchmarks.Clusters;

/// <summary>Counts the commands that a Redis server carries out, by <c>INFO stats</c>, second by second.</summary>
internal sealed class RedisCommandRate(IDatabase redis)
{
    private const string Field = "total_commands_processed:";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The most in one second so far.</summary>
    public long Busiest { get; private set; }

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        var before = await CountAsync();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = await CountAsync();
                Busiest = Math.Max(Busiest, now - before);
                before = now;
            }
        }
        catch (OperationCanceledException)
        {
            // That is the end.
        }
    }

    private async Task<long> CountAsync()
    {
        var statistics = (string)(await redis.ExecuteAsync("INFO", "stats"))!;
        var line = statistics.Split("\r\n").First(line => line.StartsWith(Field, StringComparison.Ordinal));
        return long.Parse(line[Field.Length..], CultureInfo.InvariantCulture);
    }
}
