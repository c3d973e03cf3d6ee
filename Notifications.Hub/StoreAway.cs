namespace Notifications.Hubs;

/// <summary>What the APIs answer while Redis does not: 503 with <c>Retry-After</c>, as it is not the caller's mistake and passes.</summary>
internal static class StoreAway
{
    private const string Soon = "1";

    public static TBuilder RefuseWithoutStore<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilterFactory((_, next) => async context =>
        {
            try
            {
                return await next(context);
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                var http = context.HttpContext;
                Log.RequestWithoutStore(http.RequestServices.GetRequiredService<ILogger<NotificationPublisher>>(), http.GetEndpoint()!.DisplayName!, exception);
                http.Response.Headers.RetryAfter = Soon;
                return TypedResults.Problem(Detail(http.Request, exception), statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });

    private static string Detail(HttpRequest request, Exception exception) => exception is NotReplicatedException
        ? $"{exception.Message} Send it again after {Soon} s (Retry-After) with the same ids: what is there counts once."
        : HttpMethods.IsPost(request.Method)
            ? $"Redis does not answer, so it is not known whether it was published. Send it again after {Soon} s (Retry-After) with the same ids: what is there counts once."
            : $"Redis does not answer. Try again after {Soon} s (Retry-After).";
}
