namespace Notifications.Hubs;

/// <summary>The user in the path of an operator's call.</summary>
internal static class UserRoute
{
    private const string User = "user";

    public const string Segment = $"{{{User}}}";

    public static TBuilder RefuseBadUser<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
            IdRule.Refusal("user id", UserOf(context.HttpContext)) is { } refusal ? refusal : await next(context));

    public static string UserOf(HttpContext context) => IdRule.Of(context, User);

    public static string? CallerOf(HttpContext context) => context.User.FindFirst(TokenNames.UserClaim)?.Value;
}
