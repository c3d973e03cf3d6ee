using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Notifications.Messaging.Log;

namespace Notifications.Gateway;

/// <summary>Issues a token to every caller, so that a developer needs no identity provider. The endpoint exists in Development only.</summary>
internal static class DevelopmentTokens
{
    private const string Path = "/dev/token";
    private const int ShownLength = 40;

    public static void AddDevelopmentTokens(this WebApplicationBuilder builder)
    {
        // Null when an OIDC authority issues the tokens. Outside Development this call throws when a key is configured.
        if (TokenAuthentication.DevelopmentKeyOf(builder) is { } key)
        {
            builder.Services.AddSingleton(services => new DevelopmentIssuer(
                key, services.GetRequiredService<IOptions<TokenFormat>>().Value, services.GetRequiredService<TimeProvider>()));
            // A body that is no JSON gets 400 with problem details, not the exception page.
            builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        }
    }

    public static void MapDevelopmentTokens(this WebApplication app)
    {
        if (app.Environment.IsDevelopment() && app.Services.GetService<DevelopmentIssuer>() is not null)
        {
            app.MapPost(Path, Issue).AllowAnonymous();
        }
        else
        {
            // Answers 404 to everybody. Without this endpoint, the fallback policy would first ask for a token.
            app.Map(Path, () => TypedResults.NotFound()).AllowAnonymous();
        }
    }

    private static Results<Ok<TokenResponse>, ProblemHttpResult> Issue(TokenRequest request, DevelopmentIssuer issuer) =>
        JsonRule.UnknownMember(request.Unknown.Keys, "user", "roles") is { } unknown
            ? TypedResults.Problem($"The body {unknown}", statusCode: StatusCodes.Status400BadRequest)
        : GatewayTokens.IsUserId(request.User)
            ? TypedResults.Ok(new TokenResponse(issuer.Issue(request.User, request.Roles ?? [])))
            : TypedResults.Problem(
                $"user is {(request.User is null ? "missing" : $"\"{request.User[..Math.Min(request.User.Length, ShownLength)]}\", which is no user id")}. {GatewayTokens.UserIdRule}", statusCode: StatusCodes.Status400BadRequest);

    private sealed record TokenRequest(string? User, string[]? Roles)
    {
        [JsonExtensionData]
        public Dictionary<string, JsonElement> Unknown { get; init; } = [];
    }

    private sealed record TokenResponse(string AccessToken);

    private sealed class DevelopmentIssuer(SecurityKey key, TokenFormat format, TimeProvider time)
    {
        private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
        private readonly JsonWebTokenHandler _tokens = new();

        public string Issue(string user, string[] roles)
        {
            var now = time.GetUtcNow().UtcDateTime;
            return _tokens.CreateToken(new SecurityTokenDescriptor
            {
                Issuer = TokenNames.DevelopmentIssuer,
                Audience = format.Audience,
                IssuedAt = now,
                NotBefore = now,
                Expires = now + Lifetime,
                Claims = new Dictionary<string, object> { [format.UserClaim] = user, [format.RoleClaim] = roles.Select(format.NameOf).ToArray() },
                SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
            });
        }
    }
}
