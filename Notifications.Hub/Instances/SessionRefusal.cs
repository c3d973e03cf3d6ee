using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs.Instances;

internal static class SessionRefusal
{
    private const string Soon = "1";

    /// <summary>
    /// Refuses new sessions with 503 and <c>Retry-After</c> while the instance drains, does not hear notifications, or its Redis takes no writes. A gateway may
    /// still send a session here if it has not read the registry since. It also does so if Redis is away and it has no other instance.
    /// </summary>
    public static void UseSessionRefusal(this WebApplication app)
    {
        var instance = app.Services.GetRequiredService<Instance>();
        var feed = app.Services.GetRequiredService<LiveFeed>();
        var revocations = app.Services.GetRequiredService<Revocations>();
        var heartbeat = app.Services.GetService<InstanceHeartbeat>();
        app.Use((context, next) =>
        {
            // Requests of a session that exists carry its connection id.
            if (!context.Request.Path.StartsWithSegments(HubRegistration.HubsPath) || context.Request.Query.ContainsKey("id"))
            {
                return next(context);
            }

            return instance.IsDraining ? Refuse(context, "This hub instance is going away, or an operator drains it. Try again: the gateway sends you to another.")
                : heartbeat?.Refusal is { } reason ? Refuse(context, $"{reason} This hub instance can begin no session meanwhile. Try again after a while.")
                : feed.Hears && revocations.AreRead ? next(context)
                : Refuse(context, "This hub instance does not hear what is published to Redis. Try again after a while.");
        });
    }

    private static Task Refuse(HttpContext context, string why)
    {
        context.Response.Headers.RetryAfter = Soon;
        return TypedResults.Problem(why, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
    }
}
