namespace Notifications.Hubs;

/// <summary>A user in the path of an operator's call.</summary>
internal static class UserRoute
{
    private const string User = "user";

    public const string Segment = $"{{{User}}}";

    /// <summary>Refuses an id that can't be a user's: 400.</summary>
    public static TBuilder RefuseBadUser<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var user = UserOf(context.HttpContext);
            return StreamName.IsValidId(user)
                ? await next(context)
                : TypedResults.Problem(
                    $"The user id has {user.Length} characters or one that is not allowed. It takes 1 to {StreamName.MaxIdLength} out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
                    statusCode: StatusCodes.Status400BadRequest);
        });

    public static string UserOf(HttpContext context) => IdOf(context, User);

    /// <summary>A part of the path that is an id. Routing leaves an encoded slash as it is, and ids may have one.</summary>
    public static string IdOf(HttpContext context, string name) =>
        ((string)context.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The operator.</summary>
    public static string? CallerOf(HttpContext context) => context.User.FindFirst(TokenNames.UserClaim)?.Value;
}
