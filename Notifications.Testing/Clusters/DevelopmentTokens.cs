using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.Testing.Clusters;

/// <summary>Signs the tokens of the cluster's users with the key that its services check them with.</summary>
internal sealed class DevelopmentTokens(string key)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private readonly JsonWebTokenHandler _tokens = new();
    private readonly SigningCredentials _credentials =
        new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)), SecurityAlgorithms.HmacSha256);

    public string Key => key;

    public string Issue(string user, params string[] roles) => Issue(user, _ => { }, roles);

    /// <summary>One that is not as it should be.</summary>
    public string Issue(string user, Action<SecurityTokenDescriptor> change, params string[] roles)
    {
        var now = DateTime.UtcNow;
        var token = new SecurityTokenDescriptor
        {
            Issuer = TokenNames.DevelopmentIssuer,
            Audience = TokenNames.Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + Lifetime,
            Claims = new Dictionary<string, object> { [TokenNames.UserClaim] = user, [TokenNames.RoleClaim] = roles },
            SigningCredentials = _credentials,
        };
        change(token);
        return _tokens.CreateToken(token);
    }
}
