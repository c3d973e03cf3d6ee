using System.Net;
using Notifications.Messaging.Registry;
using Notifications.Tests.Hub;
using Notifications.Tests.Tokens;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>A WebSocket that is refused says why in its body, whoever refuses it and whichever way it goes: over a link, by YARP alone, and over HTTP/2.</summary>
public sealed class RefusedHandshakeTests : IAsyncLifetime
{
    private readonly TestCertificates _certificates = new();
    private RunningGateway _gateway = null!;
    private RunningGateway _encrypted = null!;
    private HubHost _hub = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync();
        _hub = await HubHost.StartAsync(_gateway.Redis.ConnectionString);
        _encrypted = await RunningGateway.StartAsync(
            settings: new()
            {
                ["Kestrel:Endpoints:Tls:Url"] = "https://127.0.0.1:0",
                ["Kestrel:Certificates:Default:Path"] = _certificates.ServerFile,
                ["Kestrel:Certificates:Default:KeyPath"] = _certificates.ServerKeyFile,
            },
            shared: _gateway.Redis);
    }

    public async Task DisposeAsync()
    {
        await _encrypted.DisposeAsync();
        await _hub.DisposeAsync();
        await _gateway.DisposeAsync();
        _certificates.Dispose();
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(false, true, true)]
    public async Task It_says_why(bool linked, bool encrypted, bool isHttp2)
    {
        var gateway = encrypted ? _encrypted : _gateway;
        foreach (var each in (RunningGateway[])[_gateway, _encrypted])
        {
            await each.UseAsync(new HubInstance("hub", _hub.Address.ToString(), Draining: false, Transport: linked ? LinkFrame.Protocol : null));
        }

        using var http = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        using var anns = _gateway.Browser(TestTokens.Create("ann"));
        var session = await PolledSession.BeginAsync(anns, TestTokens.Create("ann"));
        await Eventually.True(
            async () => (await session.PollAsync(TestTokens.Create("ann"))).Body.Contains("subscribed", StringComparison.Ordinal), "the session to be open");
        using var operators = _hub.As("olga", TokenNames.OperatorRole);
        using var revoked = await operators.PostAsync("/api/users/cid/revocation", null);
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);

        Assert.Equal(
            (HttpStatusCode.BadRequest, "The device name has 8 characters or one that is not allowed. It takes 1 to 128 out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $."),
            await AskAsync("bob", "?device=bad%20name"));
        Assert.Equal((HttpStatusCode.NotFound, "This user has no connection with that id. Call negotiate to begin one."), await AskAsync("bob", $"?id={session.Id}"));
        var (status, detail) = await AskAsync("cid", "");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith("The token was revoked: tokens issued to this user until ", detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync("bob", "/nobodys")).Status);
        (status, detail) = await AskAsync(null, "");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith("The token is missing.", detail, StringComparison.Ordinal);
        (status, detail) = await AskAsync("bob", $"?long={new string('x', 9_000)}");
        Assert.Equal(HttpStatusCode.RequestUriTooLong, status);
        Assert.Matches("^The request line has 90[0-9]{2} bytes and may have 8192. Send the token as the header", detail);

        async Task<(HttpStatusCode Status, string? Detail)> AskAsync(string? user, string rest)
        {
            using var request = Handshake(new Uri(gateway.Address, RunningGateway.HubPath + rest), isHttp2);
            request.Headers.Authorization = user is null ? null : new("Bearer", TestTokens.Create(user));
            using var response = await http.SendAsync(request, CancellationToken.None);
            return await RunningGateway.ProblemOf(response);
        }
    }

    private static HttpRequestMessage Handshake(Uri address, bool isHttp2)
    {
        var request = new HttpRequestMessage(isHttp2 ? HttpMethod.Connect : HttpMethod.Get, address)
        {
            Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { { "Sec-WebSocket-Version", "13" } },
        };
        if (isHttp2)
        {
            request.Headers.Protocol = "websocket";
        }
        else
        {
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "websocket");
            request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        }

        return request;
    }
}
