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

    /// <summary>Routing leaves an encoded slash as it is, and a user id may have one.</summary>
    public static string UserOf(HttpContext context) =>
        ((string)context.Request.RouteValues[User]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The operator.</summary>
    public static string? CallerOf(HttpContext context) => context.User.FindFirst(TokenNames.UserClaim)?.Value;
}
