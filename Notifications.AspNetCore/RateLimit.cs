using System.Threading.RateLimiting;

namespace Notifications.AspNetCore;

/// <summary>So many in a second over time, and so many at once after a quiet time. 0 per second: no limit.</summary>
public sealed class Rate
{
    public int PerSecond { get; set; }

    public int Burst { get; set; }

    public bool IsOff => PerSecond == 0;

    /// <returns>What is wrong with it, as the end of a sentence that begins with its name; null if nothing is.</returns>
    public string? Error(int leastBurst = 1)
    {
        var least = Math.Max(leastBurst, (PerSecond + RateLimit.ReplenishmentsPerSecond - 1) / RateLimit.ReplenishmentsPerSecond);
        return PerSecond == 0 || (PerSecond > 0 && Burst >= least)
            ? null
            : $"lets {PerSecond} in per second and {Burst} at once. {nameof(PerSecond)} has to be 0 (no limit) or more, and {nameof(Burst)} then at least {Math.Max(1, least)}.";
    }
}

/// <summary>
/// A token bucket for each caller. Those of callers who were quiet until theirs was full again are dropped, so there are never
/// more than callers in as long as a bucket takes to fill.
/// </summary>
public sealed class RateLimit : IDisposable
{
    public const int ReplenishmentsPerSecond = 10;

    private readonly PartitionedRateLimiter<object>? _callers;

    public RateLimit(Rate rate)
    {
        if (rate.IsOff)
        {
            return;
        }

        var tokens = (rate.PerSecond + ReplenishmentsPerSecond - 1) / ReplenishmentsPerSecond;
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)tokens / rate.PerSecond),
            TokenLimit = rate.Burst,
            QueueLimit = 0,
        };
        _callers = PartitionedRateLimiter.Create<object, object>(caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => bucket));
    }

    /// <param name="caller">Whatever tells callers apart, by its equality.</param>
    /// <param name="count">At most the burst.</param>
    /// <returns>Null if so many more are within the limit, else after how long it will be.</returns>
    public TimeSpan? Refuses(object caller, int count = 1)
    {
        if (_callers is null)
        {
            return null;
        }

        using var lease = _callers.AttemptAcquire(caller, count);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after
            : TimeSpan.FromSeconds(1);
    }

    public void Dispose() => _callers?.Dispose();
}
