using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Tokens;

internal static class TokenRegistration
{
    public static void AddTokenSessions(this IServiceCollection services)
    {
        services.AddOptions<TokenOptions>().BindConfiguration(TokenOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddRevocations();
        services.AddSingleton<Revocations>();
        services.AddSingleton<TokenSessions>();
        services.Configure<HubOptions>(options => options.AddFilter<TokenSessions>());
        services.AddSingleton<IHubMessageHandler>(provider => provider.GetRequiredService<TokenSessions>());
    }

    /// <summary>
    /// Refuses two kinds of requests although their token is valid: with a revoked token (401), and for the connection of another user (404, as for a
    /// connection that does not exist). Costs no Redis command.
    /// </summary>
    public static void UseTokenSessions(this WebApplication app)
    {
        var revocations = app.Services.GetRequiredService<Revocations>();
        var sessions = app.Services.GetRequiredService<TokenSessions>();
        app.Use((context, next) =>
        {
            if (revocations.Of(context.User) is { } until)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
                return TypedResults.Problem(
                    $"The token was revoked: tokens issued to this user until {until:u} are refused. Get a new one.",
                    statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
            }

            var key = context.Request.Path.StartsWithSegments(HubRegistration.HubsPath) ? context.Request.Query[TokenSessions.KeyParameter].ToString() : "";
            return key.Length > 0 && sessions.IsOthers(key, context.User.FindFirst(TokenNames.UserClaim)?.Value)
                ? TypedResults.Problem("This user has no connection with that id. Call negotiate to begin one.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context)
                : next(context);
        });
    }
}
