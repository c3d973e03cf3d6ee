using System.Text;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.Extensions.Hosting;

/// <summary>The claims and roles that the system reads from a token, and the names of its configuration.</summary>
public static class TokenNames
{
    public const string Audience = "notifications";
    public const string UserClaim = "sub";
    public const string RoleClaim = "roles";
    public const string StaffRole = "staff";
    public const string PublisherRole = "publisher";
    /// <summary>The symmetric key that stands in for an OIDC authority in Development: at least 32 characters.</summary>
    public const string DevelopmentKey = "Authentication:DevelopmentKey";
    /// <summary>Who signs with the Development key.</summary>
    public const string DevelopmentIssuer = "notifications-development";
}

/// <summary>One way to check a JWT, the same in the gateway and in the services behind it.</summary>
public static class TokenAuthentication
{
    private const string BearerSection = "Authentication:Schemes:Bearer";

    /// <summary>
    /// Checks signature, issuer, audience <c>notifications</c> and lifetime (30 s skew) of the bearer token, and makes an
    /// authenticated caller with a <c>sub</c> the fallback policy: an endpoint that wants less says so. Keys come from the OIDC
    /// metadata of <c>Authentication:Schemes:Bearer:Authority</c>, or in Development from <see cref="TokenNames.DevelopmentKey"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">Neither is configured, the Development key is set outside Development, or it is too short.</exception>
    public static AuthorizationBuilder AddTokenAuthentication<TBuilder>(
        this TBuilder builder, Action<JwtBearerOptions>? configure = null) where TBuilder : IHostApplicationBuilder
    {
        var developmentKey = DevelopmentKeyOf(builder);
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters.ValidAudience = TokenNames.Audience;
            options.TokenValidationParameters.NameClaimType = TokenNames.UserClaim;
            options.TokenValidationParameters.RoleClaimType = TokenNames.RoleClaim;
            options.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
            if (developmentKey is not null)
            {
                options.TokenValidationParameters.IssuerSigningKey = developmentKey;
                options.TokenValidationParameters.ValidIssuer = TokenNames.DevelopmentIssuer;
                options.TokenValidationParameters.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
            }

            configure?.Invoke(options);
        });

        var caller = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireClaim(TokenNames.UserClaim).Build();
        return builder.Services.AddAuthorizationBuilder().SetDefaultPolicy(caller).SetFallbackPolicy(caller);
    }

    /// <summary>The configured Development key, or null where an OIDC authority is configured instead.</summary>
    public static SymmetricSecurityKey? DevelopmentKeyOf(IHostApplicationBuilder builder)
    {
        var key = builder.Configuration[TokenNames.DevelopmentKey];
        var authority = builder.Configuration[$"{BearerSection}:Authority"];
        return (key, authority) switch
        {
            (null or "", null or "") => throw new InvalidOperationException(
                $"No key to check tokens with. Set {BearerSection}:Authority to the OIDC issuer, or start the AppHost, which sets {TokenNames.DevelopmentKey}."),
            (null or "", _) => null,
            _ when !builder.Environment.IsDevelopment() => throw new InvalidOperationException(
                $"{TokenNames.DevelopmentKey} is set in the environment \"{builder.Environment.EnvironmentName}\", and works in Development only. Remove it and set {BearerSection}:Authority."),
            ({ Length: < 32 }, _) => throw new InvalidOperationException(
                $"{TokenNames.DevelopmentKey} has {key.Length} characters and needs at least 32 for HMAC-SHA256."),
            _ => new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)),
        };
    }
}
