using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.Hubs.Escalations.Apns;

/// <summary>
/// The token in each request to APNs, signed with one key
/// (https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns). Apple refuses a token that is older than 60
/// minutes, and a new one within 20 minutes after the last.
/// </summary>
internal sealed class ApnsToken(ApnsOptions options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(40);

    private readonly ECDsa _key = options.ReadKey();
    private readonly JsonWebTokenHandler _tokens = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly Lock _renewing = new();
    private string _token = "";
    private DateTimeOffset? _issuedAt;

    public ApnsOptions Options => options;

    public string Get()
    {
        lock (_renewing)
        {
            var now = time.GetUtcNow();
            if (_issuedAt is null || now - _issuedAt > Lifetime)
            {
                _token = Issue(now);
                _issuedAt = now;
            }

            return _token;
        }
    }

    private string Issue(DateTimeOffset now) => _tokens.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = options.TeamId,
        IssuedAt = now.UtcDateTime,
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = options.KeyId }, SecurityAlgorithms.EcdsaSha256),
    });
}
