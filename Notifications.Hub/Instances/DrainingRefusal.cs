namespace Notifications.Hubs.Instances;

internal static class DrainingRefusal
{
    /// <summary>
    /// A draining instance begins no session: 503 with <c>Retry-After</c>. A gateway that has not read the registry since sends one
    /// here, and the client's next try goes to another instance.
    /// </summary>
    public static void UseDrainingRefusal(this WebApplication app)
    {
        var instance = app.Services.GetRequiredService<Instance>();
        app.Use((context, next) =>
        {
            // Requests of a session that exists carry its connection id.
            if (!instance.IsDraining || !context.Request.Path.StartsWithSegments(HubRegistration.Path) || context.Request.Query.ContainsKey("id"))
            {
                return next(context);
            }

            context.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(
                "This hub instance is going away. Try again: the gateway sends you to another.",
                statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        });
    }
}
