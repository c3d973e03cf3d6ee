using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Limits how many sessions begin in a second. The beginning is the most expensive part of a session for the hub and Redis, and clients that
/// lost a gateway all come at once. Above the rate some sessions wait here, and the others are told when to come back.
/// </summary>
internal sealed class HandshakeAdmission : IDisposable
{
    public const int ReplenishmentsPerSecond = RateLimit.ReplenishmentsPerSecond;

    private readonly TokenBucketRateLimiter _bucket;
    private readonly ReturnTimes _returnTimes;
    private readonly GatewayTelemetry _telemetry;

    public HandshakeAdmission(IOptions<GatewayOptions> options, GatewayTelemetry telemetry, TimeProvider time)
    {
        var rate = new Rate { PerSecond = options.Value.HandshakesPerSecond, Burst = options.Value.HandshakeBurst };
        _bucket = new TokenBucketRateLimiter(rate.Bucket(options.Value.HandshakeQueue));
        _returnTimes = new ReturnTimes(rate.PerSecond, time);
        _telemetry = telemetry;
        telemetry.ObserveWaiting(() => Waiting);
    }

    public int Waiting => (int)_bucket.GetStatistics()!.CurrentQueuedCount;

    public void Dispose() => _bucket.Dispose();

    /// <summary>Runs after the token check, so a caller without a token does not use up the rate.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetReverseProxyFeature().Cluster.Config.ClusterId != Proxy.HubCluster
            || !SessionRequest.Begins(context.Request)
            || await AdmitAsync(context))
        {
            await next(context);
        }
    }

    /// <returns>False when the session was refused: the request was answered with 503.</returns>
    private async Task<bool> AdmitAsync(HttpContext context)
    {
        using var lease = await _bucket.AcquireAsync(permitCount: 1, context.RequestAborted);
        _telemetry.Handshake(lease.IsAcquired);
        if (lease.IsAcquired)
        {
            return true;
        }

        var seconds = _returnTimes.Next(Waiting);
        context.Response.Headers.RetryAfter = $"{seconds}";
        await TypedResults.Problem(
            $"More sessions begin at the moment than this gateway lets in. Try again after {seconds} s (Retry-After), and a random time more.",
            statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        return false;
    }
}
