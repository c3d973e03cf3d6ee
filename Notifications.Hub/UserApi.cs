using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs;

/// <summary>For operators: ends a user's connections on all hubs, with or without refusing the tokens that they have.</summary>
internal static class UserApi
{
    public static void MapUserApi(this WebApplication app)
    {
        var users = app.MapGroup($"/api/users/{UserRoute.Segment}")
            .RequireAuthorization(policy => policy.RequireRole(TokenNames.OperatorRole))
            .RefuseBadUser()
            .RefuseWithoutStore("It is not certain that any hub was told. Ask again until the answer is 200.");
        users.MapDelete("/connections", EndConnections);
        users.MapPost("/revocation", Revoke);
    }

    /// <summary>Their clients come back by themselves while their tokens are good.</summary>
    private static async Task<Ok<ConnectionsEnded>> EndConnections(HttpContext context, HubMessages hubs, ILogger<Revocations> logger)
    {
        var user = UserRoute.UserOf(context);
        var count = await hubs.TellAllAsync(new HubMessage(UserEnd: new UserEnd(user, RevokedUntil: null)));
        Log.ConnectionsEnded(logger, UserRoute.CallerOf(context), user, count);
        return TypedResults.Ok(new ConnectionsEnded(count));
    }

    /// <summary>And their tokens issued until now are refused: at what begins a session, and by the hubs' APIs.</summary>
    private static async Task<Ok<Revoked>> Revoke(
        HttpContext context, RevocationStore store, HubMessages hubs, IOptions<TokenOptions> options, TimeProvider time, ILogger<Revocations> logger)
    {
        var user = UserRoute.UserOf(context);
        // Whole seconds, as tokens have them: one of this second counts as issued before.
        var until = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        // First kept, then told: a hub that does not hear reads it.
        await store.AddAsync(user, until, options.Value.LongestLife);
        var count = await hubs.TellAllAsync(new HubMessage(UserEnd: new UserEnd(user, until)));
        Log.TokensRevoked(logger, UserRoute.CallerOf(context), user, until, count);
        return TypedResults.Ok(new Revoked(count, until));
    }

    private sealed record ConnectionsEnded(long Hubs);

    private sealed record Revoked(long Hubs, DateTimeOffset Until);
}
