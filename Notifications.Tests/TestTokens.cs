using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.Tests;

/// <summary>Tokens as an issuer would sign them, and such as no service may accept.</summary>
public static class TestTokens
{
    /// <summary>A key for services that a test composes itself.</summary>
    public const string Key = "a-key-for-tests-only-0123456789-0123456789";

    /// <param name="user">The <c>sub</c>.</param>
    /// <param name="roles">The <c>roles</c>.</param>
    /// <param name="key">What it is signed with.</param>
    /// <param name="issuer">Who says so.</param>
    /// <param name="audience">Whom it is for.</param>
    /// <param name="lifetime">From now on; a negative one makes a token that expired that long ago. One hour unless set.</param>
    /// <param name="issuedAt">The <c>iat</c>; a day before the expiry unless set.</param>
    public static string Create(
        string user,
        string[]? roles = null,
        string key = Key,
        string issuer = TokenNames.DevelopmentIssuer,
        string audience = TokenNames.Audience,
        TimeSpan? lifetime = null,
        DateTime? issuedAt = null)
    {
        var expires = DateTime.UtcNow + (lifetime ?? TimeSpan.FromHours(1));
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            NotBefore = expires.AddDays(-1),
            IssuedAt = issuedAt ?? expires.AddDays(-1),
            Expires = expires,
            Claims = new Dictionary<string, object> { [TokenNames.UserClaim] = user, [TokenNames.RoleClaim] = roles ?? [] },
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)), SecurityAlgorithms.HmacSha256),
        });
    }
}
