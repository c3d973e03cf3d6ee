using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Notifications.Tests.Escalations;

/// <summary>
/// Firebase Cloud Messaging and Google's token endpoint on a loopback port. It gives access tokens for assertions that the
/// service account's key signed, takes messages with such a token only, and answers what a test wants.
/// </summary>
internal sealed class FakeFcm : IAsyncDisposable
{
    public const string Project = "a-project";
    private const string Email = "push@a-project.iam.gserviceaccount.com";
    private const string Grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private const string Scope = "https://www.googleapis.com/auth/firebase.messaging";

    private readonly RSA _key;
    private readonly ConcurrentQueue<FcmRequest> _requests = new();
    private readonly ConcurrentDictionary<string, bool> _accessTokens = new();
    private readonly WebApplication _app;
    private int _tokenRequests;
    private int _inFlight;
    private int _mostInFlight;

    private FakeFcm(int port, RSA key)
    {
        _key = key;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        _app = builder.Build();
        _app.MapPost("/token", (Delegate)IssueAsync);
        // A hub process may be told an address of its own below this one.
        _app.MapPost("/{sender}/v1/projects/{project}/messages:send", (string sender, string project, HttpContext context) => TakeAsync(project, sender, context));
        _app.MapPost("/v1/projects/{project}/messages:send", (string project, HttpContext context) => TakeAsync(project, "", context));
    }

    public Uri Endpoint => new(_app.Urls.Single());

    public int Port => Endpoint.Port;

    /// <summary>Every call of <c>messages:send</c>, whatever it was answered.</summary>
    public IReadOnlyList<FcmRequest> Requests => [.. _requests];

    /// <summary>Those that were taken.</summary>
    public IReadOnlyList<FcmRequest> Delivered => [.. _requests.Where(request => request.Status == StatusCodes.Status200OK)];

    public int TokenRequests => _tokenRequests;

    /// <summary>How many messages it had in hand at the same time.</summary>
    public int MostInFlight => _mostInFlight;

    /// <summary>What a message is answered; null: it is taken.</summary>
    public Func<FcmRequest, FakeAnswer?> Answer { get; set; } = _ => null;

    /// <summary>What a good assertion is answered; null: an access token.</summary>
    public Func<FakeAnswer?> TokenAnswer { get; set; } = () => null;

    public TimeSpan Latency { get; set; }

    /// <summary>The key file of a service account that may send here.</summary>
    public string ServiceAccount => AccountWith(_key);

    /// <summary>The key file of one whose key Google does not know.</summary>
    public string ForeignServiceAccount
    {
        get
        {
            using var foreign = RSA.Create(2048);
            return AccountWith(foreign);
        }
    }

    public static Task<FakeFcm> StartAsync() => StartAsync(new FakeFcm(0, RSA.Create(2048)));

    /// <summary>One that takes the place of another that is gone: the same port, and the same service account.</summary>
    public static Task<FakeFcm> StartAgainAsync(int port, string serviceAccount)
    {
        var key = RSA.Create();
        key.ImportFromPem(JsonElement.Parse(serviceAccount).GetProperty("private_key").GetString());
        return StartAsync(new FakeFcm(port, key));
    }

    /// <summary>Makes it forget the access tokens that it gave.</summary>
    public void WithdrawTokens() => _accessTokens.Clear();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private static async Task<FakeFcm> StartAsync(FakeFcm fcm)
    {
        await fcm._app.StartAsync();
        return fcm;
    }

    private string AccountWith(RSA key) => JsonSerializer.Serialize(new
    {
        type = "service_account",
        project_id = Project,
        private_key_id = "a-key",
        private_key = key.ExportPkcs8PrivateKeyPem(),
        client_email = Email,
        token_uri = new Uri(Endpoint, "token").ToString(),
    });

    private async Task<IResult> IssueAsync(HttpContext context)
    {
        Interlocked.Increment(ref _tokenRequests);
        var form = await context.Request.ReadFormAsync();
        var assertion = await new JsonWebTokenHandler().ValidateTokenAsync(form["assertion"], new TokenValidationParameters
        {
            IssuerSigningKey = new RsaSecurityKey(_key) { KeyId = "a-key" },
            ValidIssuer = Email,
            // Google's library names Google itself here, wherever the token endpoint is.
            ValidAudience = "https://oauth2.googleapis.com/token",
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
        });
        if (form["grant_type"] != Grant || !assertion.IsValid || !Equals(assertion.ClaimsIdentity.FindFirst("scope")?.Value, Scope))
        {
            return Results.Json(new { error = "invalid_grant", error_description = "Invalid JWT Signature." }, statusCode: StatusCodes.Status400BadRequest);
        }

        if (TokenAnswer() is { } answer)
        {
            return Reply(context, answer);
        }

        var token = Guid.NewGuid().ToString("N");
        _accessTokens[token] = true;
        return Results.Json(new { access_token = token, expires_in = 3599, token_type = "Bearer" });
    }

    private async Task<IResult> TakeAsync(string project, string sender, HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var request = new FcmRequest(body.GetProperty("message"), sender, DateTimeOffset.UtcNow);
        _requests.Enqueue(request);
        InterlockedMax(ref _mostInFlight, Interlocked.Increment(ref _inFlight));
        await Task.Delay(Latency);
        Interlocked.Decrement(ref _inFlight);

        var token = context.Request.Headers.Authorization.ToString().Split("Bearer ").ElementAtOrDefault(1) ?? "";
        var answer = !_accessTokens.ContainsKey(token) ? FakeAnswer.Fcm(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED")
            : project != Project ? FakeAnswer.Fcm(StatusCodes.Status403Forbidden, "PERMISSION_DENIED")
            : Answer(request);
        request.Status = answer?.Status ?? StatusCodes.Status200OK;
        return answer is null ? Results.Json(new { name = $"projects/{project}/messages/{Guid.NewGuid():N}" }) : Reply(context, answer);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most)
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static IResult Reply(HttpContext context, FakeAnswer answer)
    {
        if (answer.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = $"{seconds}";
        }

        return answer.Body is { } body ? Results.Text(body.ToJsonString(), "application/json", statusCode: answer.Status) : Results.StatusCode(answer.Status);
    }
}

/// <param name="Message">The <c>message</c> of the request.</param>
/// <param name="Sender">Which of several hub processes sent it, by the address that it was given.</param>
/// <param name="At">When it came.</param>
internal sealed record FcmRequest(JsonElement Message, string Sender, DateTimeOffset At)
{
    /// <summary>What it was answered; 0: nothing yet.</summary>
    public int Status { get; set; }

    public string Token => Message.GetProperty("token").GetString()!;

    /// <summary>Of the notification.</summary>
    public string Id => Data("id")!;

    public string? Title => Message.TryGetProperty("notification", out var shown) ? shown.GetProperty("title").GetString() : null;

    public string? Data(string key) => Message.GetProperty("data").TryGetProperty(key, out var value) ? value.GetString() : null;
}
