using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.Tests.Tokens;

/// <summary>
/// An OIDC issuer on a free port of this machine: its metadata, its keys (RSA and EC), and tokens that it signs with them. The keys can
/// be replaced, as an issuer does from time to time.
/// </summary>
internal sealed class OidcAuthority : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _scheme;
    private volatile Keys _keys = new();
    private int _keyRequests;

    private OidcAuthority(X509Certificate2? certificate)
    {
        _scheme = certificate is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = Issuer,
            ["jwks_uri"] = $"{Issuer}/keys",
            ["authorization_endpoint"] = $"{Issuer}/authorize",
            ["token_endpoint"] = $"{Issuer}/token",
            ["response_types_supported"] = (string[])["code"],
            ["subject_types_supported"] = (string[])["public"],
            ["id_token_signing_alg_values_supported"] = (string[])["RS256", "ES256"],
        });
        _app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref _keyRequests);
            return new Dictionary<string, object> { ["keys"] = _keys.Published };
        });
    }

    public string Issuer => $"{_scheme}://localhost:{new Uri(_app.Urls.Single()).Port}";

    /// <summary>How often somebody read the keys.</summary>
    public int KeyRequests => Volatile.Read(ref _keyRequests);

    /// <summary>The public RSA key as everybody may have it.</summary>
    public string PublicKeyPem => _keys.Rsa.Rsa.ExportSubjectPublicKeyInfoPem();

    /// <param name="certificate">For HTTPS; without it the authority speaks plain HTTP.</param>
    public static async Task<OidcAuthority> StartAsync(X509Certificate2? certificate = null)
    {
        var authority = new OidcAuthority(certificate);
        await authority._app.StartAsync();
        return authority;
    }

    /// <summary>New keys in place of the old ones, at once.</summary>
    public void ReplaceKeys() => _keys = new Keys();

    public string Issue(
        string user,
        string[]? roles = null,
        string algorithm = SecurityAlgorithms.RsaSha256,
        string? issuer = null,
        string audience = TokenNames.Audience,
        TimeSpan? lifetime = null,
        TimeSpan? notBefore = null)
    {
        var now = DateTime.UtcNow;
        var expires = now + (lifetime ?? TimeSpan.FromHours(1));
        var begins = now + (notBefore ?? TimeSpan.FromHours(-1));
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Issuer,
            Audience = audience,
            NotBefore = begins < expires ? begins : expires.AddHours(-1),
            IssuedAt = now,
            Expires = expires,
            Claims = new Dictionary<string, object> { [TokenNames.UserClaim] = user, [TokenNames.RoleClaim] = roles ?? [] },
            SigningCredentials = new SigningCredentials(algorithm.StartsWith("ES", StringComparison.Ordinal) ? _keys.Ec : _keys.Rsa, algorithm),
        });
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class Keys
    {
        private readonly string _name = Guid.NewGuid().ToString("N");

        public Keys()
        {
            Rsa = new RsaSecurityKey(RSA.Create(2048)) { KeyId = $"rsa-{_name}" };
            Ec = new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = $"ec-{_name}" };
        }

        public RsaSecurityKey Rsa { get; }

        public ECDsaSecurityKey Ec { get; }

        /// <summary>As RFC 7517 has them, without what is private.</summary>
        public object[] Published
        {
            get
            {
                var rsa = Rsa.Rsa.ExportParameters(includePrivateParameters: false);
                var ec = Ec.ECDsa.ExportParameters(includePrivateParameters: false);
                return
                [
                    new { kty = "RSA", use = "sig", kid = Rsa.KeyId, n = Base64UrlEncoder.Encode(rsa.Modulus), e = Base64UrlEncoder.Encode(rsa.Exponent) },
                    new { kty = "EC", use = "sig", kid = Ec.KeyId, crv = "P-256", x = Base64UrlEncoder.Encode(ec.Q.X), y = Base64UrlEncoder.Encode(ec.Q.Y) },
                ];
            }
        }
    }
}
