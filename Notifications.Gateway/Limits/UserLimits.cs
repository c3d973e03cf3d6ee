using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Notifications.Gateway.Sessions;
using Notifications.Transport;

namespace Notifications.Gateway.Limits;

/// <summary>Limits the requests and connections of each user at this gateway, and the sessions of all users together.</summary>
internal sealed class UserLimits(IOptions<LimitOptions> options, OpenSessions sessions, GatewayTelemetry telemetry) : IDisposable
{
    // A fixed Retry-After, because nobody knows when a session ends.
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(5);

    private readonly LimitOptions _options = options.Value;
    private readonly RateLimit _handshakes = new(options.Value.HandshakesPerUser);
    private readonly RateLimit _publishes = new(options.Value.PublishesPerUser);
    private readonly RateLimit _requests = new(options.Value.RequestsPerUser);
    private readonly int _maxSessions = options.Value.Sessions ?? OpenFiles.Sessions();
    private readonly PartitionedRateLimiter<string>? _connections = options.Value.ConnectionsPerUser == 0 ? null
        : PartitionedRateLimiter.Create<string, string>(user => RateLimitPartition.GetConcurrencyLimiter(
            user, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.ConnectionsPerUser }));

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var user = GatewayTokens.UserOf(context.User)!;
        var isOfSession = context.GetReverseProxyFeature().Cluster.Config.ClusterId == Proxy.HubCluster;
        if (isOfSession && SessionRequest.Begins(context.Request)
            ? await MayBeginAsync(context, user)
            : await IsWithinRateAsync(context, user))
        {
            var connection = isOfSession && SessionRequest.Holds(context.Request) ? _connections?.AttemptAcquire(user) : null;
            try
            {
                await (connection is { IsAcquired: false } ? TooManyConnectionsAsync(context) : next(context));
            }
            finally
            {
                context.Features.EndWithConnection(connection);
            }
        }
    }

    public void Dispose()
    {
        _handshakes.Dispose();
        _publishes.Dispose();
        _requests.Dispose();
        _connections?.Dispose();
    }

    private async Task<bool> MayBeginAsync(HttpContext context, string user)
    {
        if (_handshakes.Refuses(user) is { } retryAfter)
        {
            await context.RefuseAsync(
                telemetry, "handshakes_per_user", retryAfter,
                $"This user begins more sessions than {Words(_options.HandshakesPerUser, nameof(LimitOptions.HandshakesPerUser))}. Keep a connection, and wait longer after each one that failed.");
            return false;
        }

        // Checked at negotiate, where a client reads Retry-After, and not only when it opens its stream.
        using var another = _connections?.AttemptAcquire(user, permitCount: 0);
        if (another is { IsAcquired: false })
        {
            await TooManyConnectionsAsync(context);
            return false;
        }

        if (_maxSessions > 0 && sessions.Count >= _maxSessions)
        {
            await context.RefuseAsync(
                telemetry, "sessions", AWhile,
                $"This gateway has {_maxSessions} sessions open and takes no more ({LimitOptions.Section}:{nameof(LimitOptions.Sessions)}, by default what its open files allow). Another gateway may have room.",
                StatusCodes.Status503ServiceUnavailable);
            return false;
        }

        return true;
    }

    private async Task<bool> IsWithinRateAsync(HttpContext context, string user)
    {
        var publishes = HttpMethods.IsPost(context.Request.Method) && context.Request.Path.StartsWithSegments(Proxy.PublishPath);
        if ((publishes ? _publishes : _requests).Refuses(user) is not { } retryAfter)
        {
            return true;
        }

        await (publishes
            ? context.RefuseAsync(
                telemetry, "publishes_per_user", retryAfter,
                $"This caller publishes more often than {Words(_options.PublishesPerUser, nameof(LimitOptions.PublishesPerUser))}. Send several notifications as an array.")
            : context.RefuseAsync(
                telemetry, "requests_per_user", retryAfter,
                $"This user sends more requests than {Words(_options.RequestsPerUser, nameof(LimitOptions.RequestsPerUser))}. Send fewer, and notifications over a connection."));
        return false;
    }

    private Task TooManyConnectionsAsync(HttpContext context) => context.RefuseAsync(
        telemetry, "connections_per_user", AWhile,
        $"This user has {_options.ConnectionsPerUser} connections open through this gateway, as many as {LimitOptions.Section}:{nameof(LimitOptions.ConnectionsPerUser)} allows. Close one.");

    private static string Words(Rate rate, string name) =>
        $"the {rate.Burst} at once and {rate.PerSecond} per second that {LimitOptions.Section}:{name} lets in";
}
