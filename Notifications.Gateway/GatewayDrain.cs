using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Notifications.Gateway.Sessions;

namespace Notifications.Gateway;

/// <summary>
/// The drain of a gateway. First the gateway reports that it is not ready, and works on until a load balancer has noticed. Then it
/// takes no new sessions and ends its open sessions, spread over a window. Their clients come back through another gateway.
/// </summary>
internal sealed class GatewayDrain(OpenSessions sessions, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GatewayDrain> logger)
    : IDrain, IHealthCheck
{
    // The last session is asked to end at the window's end. Then its client gets time to answer.
    private static readonly TimeSpan LastClose = SessionStream.AnswerLimit + TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private volatile bool _isLeaving;
    private volatile bool _isClosed;

    /// <summary>Whether this gateway takes no new sessions.</summary>
    public bool IsClosed => _isClosed;

    public async Task RunAsync()
    {
        _isLeaving = true;
        Log.Leaving(logger, sessions.Count, options.Value.DrainNotice);
        await Task.Delay(options.Value.DrainNotice, time);

        _isClosed = true;
        var needed = TimeSpan.FromSeconds((double)sessions.Count / options.Value.HandshakesPerSecond);
        var window = needed > options.Value.DrainWindow ? needed : options.Value.DrainWindow;
        Log.EndingSessions(logger, sessions.Count, window);
        await sessions.EndAsync(window);
        for (var waited = TimeSpan.Zero; sessions.Count > 0 && waited < LastClose; waited += PollInterval)
        {
            await Task.Delay(PollInterval, time);
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_isLeaving ? HealthCheckResult.Unhealthy("This gateway is stopping.") : HealthCheckResult.Healthy());
}

internal static class GatewayDrainRegistration
{
    public static void AddGatewayDrain(this WebApplicationBuilder builder)
    {
        builder.AddDrain<GatewayDrain>();
        builder.Services.AddHealthChecks().AddCheck<GatewayDrain>("drain");
        // After the drain only API requests are still under way.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
    }

    /// <summary>
    /// When the gateway takes no new sessions, answers 503 with <c>Retry-After</c> to requests that open a session. Every HTTP/1.1 connection
    /// is closed after its next answer.
    /// </summary>
    public static void UseGatewayDrain(this WebApplication app)
    {
        var drain = app.Services.GetRequiredService<GatewayDrain>();
        app.Use((context, next) =>
        {
            if (!drain.IsClosed)
            {
                return next(context);
            }

            if (HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            if (!context.Request.Path.StartsWithSegments(Proxy.HubsPath) || !SessionRequest.Opens(context.Request))
            {
                return next(context);
            }

            context.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(
                "This gateway is stopping. Try again: another gateway answers.", statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        });
    }
}
