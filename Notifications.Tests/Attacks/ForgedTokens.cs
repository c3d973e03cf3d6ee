using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Notifications.Tests.Tokens;

namespace Notifications.Tests.Attacks;

/// <summary>Tokens as an attacker makes them, for the user <c>mallory</c> or out of one that was given out.</summary>
internal static class ForgedTokens
{
    public const string User = "mallory";

    /// <summary>Each with the beginning of what the gateway says about it.</summary>
    public static IEnumerable<(string Name, Func<OidcAuthority, string?> Make, string Answer)> All { get; } =
    [
        ("no token", _ => null, "The token is missing."),
        ("no JWT", _ => "abc", "The token is no JWT."),
        ("expired", authority => authority.Issue(User, lifetime: TimeSpan.FromSeconds(-11)), "The token expired at "),
        ("not yet valid", authority => authority.Issue(User, notBefore: TimeSpan.FromMinutes(1)), "The token is not valid before "),
        ("wrong issuer", authority => authority.Issue(User, issuer: "https://issuer.test"), "The token comes from another issuer"),
        ("wrong audience", authority => authority.Issue(User, audience: "another"), "The token is meant for another audience."),
        ("alg none", authority => Unsigned(authority.Issue(User)), "The token's signature does not match a key"),
        ("alg None", authority => Unsigned(authority.Issue(User), "None"), "The token's signature does not match a key"),
        ("the signature left out", authority => authority.Issue(User)[..^Signature(authority.Issue(User)).Length], "The token's signature does not match a key"),
        ("HMAC with the public key", authority => Hmac(authority.Issue(User), authority.PublicKeyPem), "The token's signature does not match a key"),
        ("HMAC with the Development key", authority => TestTokens.Create(User, issuer: authority.Issuer), "The token's signature does not match a key"),
        ("of Development", _ => TestTokens.Create(User), "The token's signature does not match a key"),
        ("another user's name in it", authority => WithPayload(authority.Issue(User), payload => payload[TokenNames.UserClaim] = "ann"), "The token's signature does not match a key"),
        ("another role in it", authority => WithPayload(authority.Issue(User), payload => payload[TokenNames.RoleClaim] = new JsonArray("publisher")), "The token's signature does not match a key"),
        ("a longer life in it", authority => WithPayload(authority.Issue(User, lifetime: TimeSpan.FromMinutes(-1)), payload => payload["exp"] = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()), "The token's signature does not match a key"),
        ("no expiry", authority => WithPayload(authority.Issue(User), payload => payload.Remove("exp")), "The token's signature does not match a key"),
    ];

    /// <summary>Signed by another authority that says it is this one, as that of another environment would be.</summary>
    public static string OfAnotherEnvironment(OidcAuthority authority, OidcAuthority another) => another.Issue(User, issuer: authority.Issuer);

    private static string Unsigned(string token, string algorithm = "none")
    {
        var header = Encode($$"""{"alg":"{{algorithm}}","typ":"JWT"}""");
        return $"{header}.{token.Split('.')[1]}.";
    }

    /// <summary>The header says that the signature is an HMAC; its secret is what everybody can read at the authority.</summary>
    private static string Hmac(string token, string secret)
    {
        var header = JsonNode.Parse(Base64UrlEncoder.Decode(token.Split('.')[0]))!;
        header["alg"] = "HS256";
        var signed = $"{Encode(header.ToJsonString())}.{token.Split('.')[1]}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(signed)))}";
    }

    private static string WithPayload(string token, Action<JsonObject> change)
    {
        var parts = token.Split('.');
        var payload = JsonSerializer.Deserialize<JsonObject>(Base64UrlEncoder.Decode(parts[1]))!;
        change(payload);
        return $"{parts[0]}.{Encode(payload.ToJsonString())}.{parts[2]}";
    }

    private static string Signature(string token) => token.Split('.')[2];

    private static string Encode(string text) => Base64UrlEncoder.Encode(text);
}
