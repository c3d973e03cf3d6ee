using System.Threading.RateLimiting;

namespace Notifications.Gateway.Limits;

/// <summary>
/// A token bucket for each caller. Those of callers who were quiet until theirs was full again are dropped, so there are never
/// more than callers in as long as a bucket takes to fill.
/// </summary>
internal sealed class RateLimit : IDisposable
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
    /// <returns>Null if one more is within the limit, else after how long it will be.</returns>
    public TimeSpan? Refuses(object caller)
    {
        if (_callers is null)
        {
            return null;
        }

        using var lease = _callers.AttemptAcquire(caller);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after
            : TimeSpan.FromSeconds(1);
    }

    public void Dispose() => _callers?.Dispose();
}
