using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.AspNetCore;

/// <summary>The claims and roles that the system reads from a token, and the names of its configuration.</summary>
public static class TokenNames
{
    public const string Audience = "notifications";
    public const string UserClaim = "sub";
    public const string RoleClaim = "roles";
    /// <summary>When the token was issued, in Unix seconds.</summary>
    public const string IssuedAtClaim = "iat";
    /// <summary>When the token ends, in Unix seconds.</summary>
    public const string ExpiryClaim = "exp";
    public const string StaffRole = "staff";
    public const string PublisherRole = "publisher";
    /// <summary>Ends the connections of users and revokes their tokens.</summary>
    public const string OperatorRole = "operator";
    /// <summary>Reads how many connections the hubs have, and nothing else. An autoscaler of the hubs needs it.</summary>
    public const string MonitorRole = "monitor";
    /// <summary>The setting with the symmetric key that replaces an OIDC authority in Development. The key has at least 32 characters.</summary>
    public const string DevelopmentKey = "Authentication:DevelopmentKey";
    /// <summary>The issuer of tokens that are signed with the Development key.</summary>
    public const string DevelopmentIssuer = "notifications-development";
}

/// <summary>Checks a JWT in the same way in the gateway and in the services behind it.</summary>
public static class TokenAuthentication
{
    private const string BearerSection = "Authentication:Schemes:Bearer";

    /// <summary>
    /// How far the clocks of the issuer and the services may differ. A token is accepted from this time
    /// before its <c>nbf</c> until this time after its <c>exp</c>.
    /// </summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The shortest time between two searches for an unknown signing key. It limits what an invented <c>kid</c> can cost the issuer. A new key
    /// that the issuer did not announce stays unknown for this time at most.
    /// </summary>
    private static readonly TimeSpan KeySearchInterval = TimeSpan.FromSeconds(30);

    /// <summary>How often the keys are read in any case. A key that the issuer has withdrawn is accepted for this time at most.</summary>
    private static readonly TimeSpan KeyReadInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// The algorithms with which an authority may sign: only algorithms with key pairs. If an HMAC were allowed, the public key, which
    /// everybody has, could be used as the secret.
    /// </summary>
    private static readonly string[] AuthorityAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>
    /// Checks signature, algorithm, issuer, audience (<see cref="TokenFormat"/>) and lifetime (<see cref="ClockSkew"/>) of the bearer token. The
    /// fallback policy requires an authenticated caller with a <c>sub</c>. An endpoint that requires less has to say so. Keys and issuer come from the
    /// OIDC metadata of <c>Authentication:Schemes:Bearer:Authority</c>. In Development the key may come from <see cref="TokenNames.DevelopmentKey"/> instead.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The authority and the Development key are both missing or both set. Or the Development key is too short, or
    /// is set outside Development. Or the authority is not an https:// address outside Development.
    /// </exception>
    public static AuthorizationBuilder AddTokenAuthentication<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var developmentKey = DevelopmentKeyOf(builder);
        var format = builder.Configuration.GetSection(TokenFormat.Section).Get<TokenFormat>() ?? new TokenFormat();
        builder.Services.AddOptions<TokenFormat>().BindConfiguration(TokenFormat.Section).ValidateDataAnnotations().ValidateOnStart();
        if (format is not { UserClaim: TokenNames.UserClaim, RoleClaim: TokenNames.RoleClaim, Roles.Count: 0 })
        {
            builder.Services.AddTransient<IClaimsTransformation, TokenTranslation>();
        }

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.RequireHttpsMetadata = !builder.Environment.IsDevelopment();
            options.RefreshInterval = builder.Configuration.GetValue<TimeSpan?>($"{BearerSection}:{nameof(options.RefreshInterval)}") ?? KeySearchInterval;
            options.AutomaticRefreshInterval = builder.Configuration.GetValue<TimeSpan?>($"{BearerSection}:{nameof(options.AutomaticRefreshInterval)}") ?? KeyReadInterval;
            var checks = options.TokenValidationParameters;
            // All checks are set here: by the framework's defaults, the issuer is not checked when the section names only an authority.
            checks.ValidateIssuer = true;
            checks.ValidateAudience = true;
            checks.ValidateLifetime = true;
            checks.ValidateIssuerSigningKey = true;
            checks.RequireSignedTokens = true;
            checks.RequireExpirationTime = true;
            checks.RequireAudience = true;
            checks.ClockSkew = ClockSkew;
            checks.ValidAudience = format.Audience;
            checks.NameClaimType = TokenNames.UserClaim;
            checks.RoleClaimType = TokenNames.RoleClaim;
            checks.IssuerSigningKeys = [];
            checks.ValidAlgorithms = AuthorityAlgorithms;
            if (developmentKey is not null)
            {
                checks.IssuerSigningKey = developmentKey;
                checks.ValidIssuer = TokenNames.DevelopmentIssuer;
                checks.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
            }
        });

        builder.Services.PostConfigure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, options =>
        {
            // Otherwise the keys of the last metadata with which a token was valid would be accepted for another hour.
            if (options.ConfigurationManager is BaseConfigurationManager keys)
            {
                keys.UseLastKnownGoodConfiguration = false;
            }
        });

        var caller = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireClaim(TokenNames.UserClaim).Build();
        return builder.Services.AddAuthorizationBuilder().SetDefaultPolicy(caller).SetFallbackPolicy(caller);
    }

    /// <summary>The configured Development key. Null when an OIDC authority is configured instead.</summary>
    public static SymmetricSecurityKey? DevelopmentKeyOf(IHostApplicationBuilder builder)
    {
        var key = builder.Configuration[TokenNames.DevelopmentKey];
        var authority = builder.Configuration[$"{BearerSection}:Authority"];
        return (key, authority) switch
        {
            (null or "", null or "") => throw new InvalidOperationException(
                $"No key to check tokens with. Set {BearerSection}:Authority to the OIDC issuer, or start the AppHost, which sets {TokenNames.DevelopmentKey}."),
            (null or "", _) when !IsAllowed(authority, builder.Environment) => throw new InvalidOperationException(
                $"{BearerSection}:Authority is \"{authority}\" and has to be an https:// address in the environment \"{builder.Environment.EnvironmentName}\": an attacker on the network could otherwise replace the signing keys."),
            (null or "", _) => null,
            _ when !builder.Environment.IsDevelopment() => throw new InvalidOperationException(
                $"{TokenNames.DevelopmentKey} is set in the environment \"{builder.Environment.EnvironmentName}\", and works in Development only. Remove it and set {BearerSection}:Authority."),
            (_, { Length: > 0 }) => throw new InvalidOperationException(
                $"{TokenNames.DevelopmentKey} and {BearerSection}:Authority are both set, and only one of them can say which tokens are good. Remove one."),
            ({ Length: < 32 }, _) => throw new InvalidOperationException(
                $"{TokenNames.DevelopmentKey} has {key.Length} characters and needs at least 32 for HMAC-SHA256."),
            _ => new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)),
        };
    }

    private static bool IsAllowed(string? authority, IHostEnvironment environment) =>
        Uri.TryCreate(authority, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && environment.IsDevelopment()));
}
