namespace Notifications.Hubs;

/// <summary>
/// The answer of the APIs while Redis does not serve: 503 with <c>Retry-After</c>, because it is not the caller's mistake and ends by itself.
/// </summary>
internal static class StoreAway
{
    private const string Soon = "1";
    private const string Again = $"Try again after {Soon} s (Retry-After).";
    private const string PublishAgain = $"Send it again after {Soon} s (Retry-After) with the same ids: a notification that is in the log already is not published twice.";

    /// <summary>For endpoints that call Redis. The <paramref name="remedy"/> says what the caller should do; null: try again, or publish again.</summary>
    public static TBuilder RefuseWithoutStore<TBuilder>(this TBuilder endpoints, string? remedy = null) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilterFactory((_, next) => async context =>
        {
            try
            {
                return await next(context);
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                var http = context.HttpContext;
                http.RequestServices.GetRequiredService<RedisFailures>().Report(exception, $"\"{http.GetEndpoint()!.DisplayName}\" is answered 503.");
                http.Response.Headers.RetryAfter = Soon;
                return TypedResults.Problem(
                    $"{exception.Reason()} {remedy ?? (HttpMethods.IsPost(http.Request.Method) ? PublishAgain : Again)}", statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
}
