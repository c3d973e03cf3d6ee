using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Notifications.Hubs.Escalations.Apns;

namespace Notifications.Tests.Escalations;

/// <summary>
/// Apple's push service on a loopback port: HTTP/2 over TLS and nothing else, with a certificate made for the run. It takes
/// messages with a token that its key signed within the last hour, and answers what a test wants.
/// </summary>
internal sealed class FakeApns : IAsyncDisposable
{
    public const string KeyId = "ABC123DEFG";
    public const string TeamId = "DEF123GHIJ";
    public const string Topic = "com.example.app";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentQueue<ApnsRequest> _requests = new();
    private readonly WebApplication _app;

    private FakeApns()
    {
        _certificate = MakeCertificate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(_certificate);
        }));
        _app = builder.Build();
        _app.MapPost("/3/device/{token}", TakeAsync);
    }

    public Uri Endpoint => new(_app.Urls.Single());

    /// <summary>Every request, whatever it was answered.</summary>
    public IReadOnlyList<ApnsRequest> Requests => [.. _requests];

    public IReadOnlyList<ApnsRequest> Delivered => [.. _requests.Where(request => request.Status == StatusCodes.Status200OK)];

    /// <summary>What a message is answered; null: it is taken.</summary>
    public Func<ApnsRequest, FakeAnswer?> Answer { get; set; } = _ => null;

    /// <summary>The signing key as Apple hands it out.</summary>
    public string Key => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>For what trusts by a file, such as OpenSSL's <c>SSL_CERT_FILE</c>.</summary>
    public string CertificatePem => _certificate.ExportCertificatePem();

    public static async Task<FakeApns> StartAsync()
    {
        var apns = new FakeApns();
        await apns._app.StartAsync();
        return apns;
    }

    /// <summary>Makes a service's APNs client take this certificate, and no other but those that it takes anyway.</summary>
    public void TrustIn(IServiceCollection services) =>
        services.AddHttpClient(ApnsSender.ClientName).UseSocketsHttpHandler((handler, _) =>
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                errors == System.Net.Security.SslPolicyErrors.None || certificate?.GetCertHashString() == _certificate.GetCertHashString());

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
    }

    private async Task<IResult> TakeAsync(string token, HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new ApnsRequest(
            token,
            context.Request.Headers.Where(header => header.Key.StartsWith("apns-", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()),
            JsonElement.Parse(body.ToArray()),
            (int)body.Length,
            context.Request.Protocol,
            context.Request.Headers.Authorization.ToString(),
            DateTimeOffset.UtcNow);
        _requests.Enqueue(request);

        var answer = !await IsSignedAsync(request.Authorization) ? FakeAnswer.Apns(StatusCodes.Status403Forbidden, "InvalidProviderToken")
            : request.Headers.GetValueOrDefault("apns-topic") != Topic ? FakeAnswer.Apns(StatusCodes.Status400BadRequest, "TopicDisallowed")
            : request.BodyLength > 4096 ? FakeAnswer.Apns(StatusCodes.Status413PayloadTooLarge, "PayloadTooLarge")
            : Encoding.UTF8.GetByteCount(request.Headers.GetValueOrDefault("apns-collapse-id", "")) > 64 ? FakeAnswer.Apns(StatusCodes.Status400BadRequest, "BadCollapseId")
            : Answer(request);
        request.Status = answer?.Status ?? StatusCodes.Status200OK;
        if (answer?.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = $"{seconds}";
        }

        context.Response.Headers["apns-id"] = Guid.NewGuid().ToString();
        return answer is null ? Results.Ok()
            : answer.Body is null ? Results.StatusCode(answer.Status)
            : Results.Text(answer.Body.ToJsonString(), "application/json", statusCode: answer.Status);
    }

    private async Task<bool> IsSignedAsync(string authorization)
    {
        if (!authorization.StartsWith("bearer ", StringComparison.Ordinal))
        {
            return false;
        }

        var token = await new JsonWebTokenHandler().ValidateTokenAsync(authorization["bearer ".Length..], new TokenValidationParameters
        {
            IssuerSigningKey = new ECDsaSecurityKey(_key) { KeyId = KeyId },
            TryAllIssuerSigningKeys = false,
            ValidIssuer = TeamId,
            ValidateAudience = false,
            RequireExpirationTime = false,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
        });
        return token.IsValid && token.SecurityToken is JsonWebToken jwt && jwt.Kid == KeyId && DateTime.UtcNow - jwt.IssuedAt < TimeSpan.FromHours(1);
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}

/// <param name="Token">Of the path.</param>
/// <param name="Headers">Those that begin with <c>apns-</c>.</param>
/// <param name="Body">The payload.</param>
/// <param name="BodyLength">Its bytes.</param>
/// <param name="Protocol">Of HTTP.</param>
/// <param name="Authorization">The header of that name.</param>
/// <param name="At">When it came.</param>
internal sealed record ApnsRequest(
    string Token, IReadOnlyDictionary<string, string> Headers, JsonElement Body, int BodyLength, string Protocol, string Authorization, DateTimeOffset At)
{
    /// <summary>What it was answered; 0: nothing yet.</summary>
    public int Status { get; set; }

    public string Id => Body.GetProperty("id").GetString()!;
}
