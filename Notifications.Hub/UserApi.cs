using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs;

/// <summary>For operators: ends a user's connections on all hubs, and can also refuse the user's present tokens.</summary>
internal static class UserApi
{
    public static void MapUserApi(this WebApplication app)
    {
        var users = app.MapGroup($"/api/users/{UserRoute.Segment}")
            .RequireAuthorization(policy => policy.RequireRole(TokenNames.OperatorRole))
            .RefuseBadUser()
            .RefuseWithoutStore("Perhaps not all hubs were told. Repeat the request until the answer is 200.");
        users.MapDelete("/connections", EndConnections);
        users.MapPost("/revocation", Revoke);
    }

    /// <summary>Ends the user's connections. Clients reconnect by themselves while their tokens are valid.</summary>
    private static async Task<Ok<ConnectionsEnded>> EndConnections(HttpContext context, HubMessages hubs, ILogger<Revocations> logger)
    {
        var user = UserRoute.UserOf(context);
        var count = await hubs.TellAllAsync(new HubMessage(UserEnd: new UserEnd(user, RevokedUntil: null)));
        Log.ConnectionsEnded(logger, UserRoute.CallerOf(context), user, count);
        return TypedResults.Ok(new ConnectionsEnded(count));
    }

    /// <summary>
    /// Ends the user's connections, and refuses the tokens that were issued to the user until now. They can't begin a session, and the hubs' APIs refuse them.
    /// </summary>
    private static async Task<Ok<Revoked>> Revoke(
        HttpContext context, RevocationStore store, HubMessages hubs, IOptions<TokenOptions> options, TimeProvider time, ILogger<Revocations> logger)
    {
        var user = UserRoute.UserOf(context);
        // In whole seconds, as in tokens. A token that was issued in this second counts as issued before.
        var until = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        // Stored first, then told: a hub that does not hear the message reads the revocation later.
        await store.AddAsync(user, until, options.Value.LongestLife);
        var count = await hubs.TellAllAsync(new HubMessage(UserEnd: new UserEnd(user, until)));
        Log.TokensRevoked(logger, UserRoute.CallerOf(context), user, until, count);
        return TypedResults.Ok(new Revoked(count, until));
    }

    private sealed record ConnectionsEnded(long Hubs);

    private sealed record Revoked(long Hubs, DateTimeOffset Until);
}
