using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Notifications.Gateway.Limits;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway;

/// <summary>
/// Gives the gateway's own errors a body: RFC 9457 problem details that name the error and the remedy. Answers of the services behind
/// the gateway are passed on unchanged.
/// </summary>
internal static class GatewayProblems
{
    public static void UseGatewayProblems(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null } response && !IsForwarded(context))
            {
                if (response.StatusCode == StatusCodes.Status503ServiceUnavailable)
                {
                    response.Headers.RetryAfter = "1";
                }

                await TypedResults.Problem(await DetailAsync(context), statusCode: response.StatusCode).ExecuteAsync(context);
            }
        });
    }

    private static bool IsForwarded(HttpContext context) =>
        context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination is not null && context.GetForwarderErrorFeature() is null;

    private static async Task<string?> DetailAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => await UnauthorizedAsync(context),
        StatusCodes.Status403Forbidden => Forbidden(context),
        StatusCodes.Status404NotFound => $"Nothing is at {context.Request.Path}. The gateway has {Paths(context)}.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} does not work on {context.Request.Path}: see the Allow header.",
        StatusCodes.Status408RequestTimeout => "The body came too slowly. Send it again over a faster network.",
        StatusCodes.Status413PayloadTooLarge => BodyLimits.DetailOf(context, context.RequestServices.GetRequiredService<IOptions<LimitOptions>>().Value),
        StatusCodes.Status502BadGateway => $"The service behind {context.Request.Path} could not be reached or broke off. Try again after a moment.",
        StatusCodes.Status503ServiceUnavailable => $"No service is running behind {context.Request.Path} at the moment. Try again after a moment.",
        StatusCodes.Status504GatewayTimeout => $"The service behind {context.Request.Path} did not answer in time. Try again after a moment.",
        StatusCodes.Status400BadRequest or StatusCodes.Status415UnsupportedMediaType =>
            $"The body of {context.Request.Method} {context.Request.Path} can't be read. Send JSON as application/json.",
        _ => null,
    };

    private static async Task<string> UnauthorizedAsync(HttpContext context) => (await context.AuthenticateAsync()).Failure switch
    {
        null when context.Features.Get<TokenInWrongPlace>() is not null =>
            $"access_token in the query is accepted below {Proxy.HubsPath} only. Send the token as the header \"Authorization: Bearer <token>\".",
        null => $"The token is missing. Send it as the header \"Authorization: Bearer <token>\", or below {Proxy.HubsPath} as access_token in the query.",
        SecurityTokenExpiredException expired => $"The token expired at {expired.Expires:u}. Get a new one.",
        SecurityTokenNotYetValidException early => $"The token is not valid before {early.NotBefore:u}. Check the clock of its issuer.",
        SecurityTokenNoExpirationException => "The token never expires. It has to have an expiry (claim exp).",
        SecurityTokenInvalidAudienceException => $"The token is meant for another audience. It has to be issued for \"{Format(context).Audience}\" (claim aud).",
        SecurityTokenInvalidIssuerException => "The token comes from another issuer (claim iss) than the one that this gateway trusts.",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException =>
            "The token's signature does not match a key of the issuer that this gateway trusts. Get a token from that issuer.",
        SecurityTokenMalformedException => "The token is no JWT. Send the token as its issuer gave it.",
        _ => "The token is not valid. Get a new one from the issuer that this gateway trusts.",
    };

    private static string Paths(HttpContext context)
    {
        var routes = context.RequestServices.GetRequiredService<IOptions<GatewayOptions>>().Value.Routes.Values;
        string[] paths = [.. Proxy.OwnPaths, .. routes.Select(route => route.Path)];
        return $"{string.Join(", ", paths[..^1])} and {paths[^1]}";
    }

    private static TokenFormat Format(HttpContext context) => context.RequestServices.GetRequiredService<IOptions<TokenFormat>>().Value;

    private static string Forbidden(HttpContext context) => GatewayTokens.UserOf(context.User) switch
    {
        null => $"The token names no user. It has to have the user's id in the claim \"{Format(context).UserClaim}\".",
        { } user when !GatewayTokens.IsUserId(user) => $"The user id in the claim \"{Format(context).UserClaim}\" can't name a stream. {GatewayTokens.UserIdRule}",
        _ => $"The token's roles (claim \"{Format(context).RoleClaim}\") do not allow this.",
    };
}
