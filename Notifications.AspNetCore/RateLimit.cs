using System.Threading.RateLimiting;

namespace Notifications.AspNetCore;

/// <summary>How many requests are let in per second over time, and how many at once after a quiet time. 0 per second means no limit.</summary>
public sealed class Rate
{
    public int PerSecond { get; set; }

    public int Burst { get; set; }

    public bool IsOff => PerSecond == 0;

    private int TokensPerPeriod => (PerSecond + RateLimit.ReplenishmentsPerSecond - 1) / RateLimit.ReplenishmentsPerSecond;

    /// <returns>What is wrong with the values, as the end of a sentence that begins with the setting's name. Null when nothing is wrong.</returns>
    public string? Error(int leastBurst = 1)
    {
        var least = Math.Max(leastBurst, TokensPerPeriod);
        return PerSecond == 0 || (PerSecond > 0 && Burst >= least)
            ? null
            : $"lets {PerSecond} in per second and {Burst} at once. {nameof(PerSecond)} has to be 0 (no limit) or more, and {nameof(Burst)} then at least {Math.Max(1, least)}.";
    }

    /// <summary>A token bucket with this rate, which must not be off.</summary>
    /// <param name="queue">How many requests may wait for a token.</param>
    public TokenBucketRateLimiterOptions Bucket(int queue = 0) => new()
    {
        TokensPerPeriod = TokensPerPeriod,
        ReplenishmentPeriod = TimeSpan.FromSeconds((double)TokensPerPeriod / PerSecond),
        TokenLimit = Burst,
        QueueLimit = queue,
    };
}

/// <summary>
/// A token bucket for each caller. A bucket is dropped when its caller was quiet until the bucket was full again. So there are never more
/// buckets than callers within the time that a bucket takes to fill.
/// </summary>
public sealed class RateLimit(Rate rate) : IDisposable
{
    public const int ReplenishmentsPerSecond = 10;

    private readonly PartitionedRateLimiter<object>? _callers = rate.IsOff ? null
        : PartitionedRateLimiter.Create<object, object>(caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => rate.Bucket()));

    /// <summary>Counts <paramref name="count"/> requests of the caller if they are within the limit.</summary>
    /// <param name="caller">A key of the caller. Equal keys share a bucket.</param>
    /// <param name="count">The number of requests, at most the burst.</param>
    /// <returns>Null when the requests are within the limit, else the time after which they would be.</returns>
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
