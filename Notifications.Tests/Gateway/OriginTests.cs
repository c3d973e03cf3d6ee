using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class OriginTests : IAsyncLifetime
{
    private const string Negotiate = RunningGateway.HubPath + "/negotiate";
    private const string Listed = "https://app.example.com";
    private static readonly string Token = TestTokens.Create("ann");

    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync("a");

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://app.example.com")]
    [InlineData("https://app.example.com.evil.example")]
    [InlineData("https://app.example.com:8443")]
    [InlineData("https://app.example.com/")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("https://app.example.com, https://evil.example")]
    public async Task A_page_from_elsewhere_is_forbidden_before_anything_is_forwarded(string origin)
    {
        await using var gateway = await StartAsync(Listed);
        using var metrics = new Measurements(gateway.Meters, "notifications.refused");
        (HttpMethod, string)[] handshakes = 
        [
            (HttpMethod.Post, Negotiate), (HttpMethod.Get, RunningGateway.HubPath + "?id=session"), (HttpMethod.Post, RunningGateway.OtherHubPath + "/negotiate"),
            (HttpMethod.Post, "/api/notifications"), (HttpMethod.Options, Negotiate),
        ];
        foreach (var (method, path) in handshakes)
        {
            using var answer = await SendAsync(gateway, method, path, origin);

            var (status, detail) = await RunningGateway.ProblemOf(answer);
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.StartsWith($"A page of the origin \"{origin}\" may not use this gateway.", detail, StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }

        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Origin", origin.Length == 0 ? "null" : origin);
        await Assert.ThrowsAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri($"ws://{gateway.Address.Authority}{RunningGateway.HubPath}?access_token={Token}"), CancellationToken.None));
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        Assert.Empty(_hub.Seen);
        Assert.Equal(Enumerable.Repeat("limit=origin 1", handshakes.Length + 1), metrics.All);
    }

    [Fact]
    public async Task Two_origins_are_none()
    {
        await using var gateway = await StartAsync(Listed);
        using var request = new HttpRequestMessage(HttpMethod.Post, Negotiate);
        request.Headers.Add("Origin", [Listed, "https://evil.example"]);

        Assert.Equal(HttpStatusCode.Forbidden, (await gateway.Browser(Token).SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_gateways_own_pages_and_what_is_no_browser_get_in()
    {
        await using var gateway = await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(gateway, HttpMethod.Post, Negotiate, gateway.Address.GetLeftPart(UriPartial.Authority))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(gateway, HttpMethod.Post, Negotiate, origin: null)).StatusCode);
    }

    [Theory]
    [InlineData("api.example.com", "https://api.example.com", HttpStatusCode.OK)]
    [InlineData("API.example.com:443", "https://api.example.com", HttpStatusCode.OK)]
    [InlineData("api.example.com", "https://api.example.com:8443", HttpStatusCode.Forbidden)]
    [InlineData("api.example.com", "http://api.example.com", HttpStatusCode.Forbidden)]
    public async Task Behind_a_proxy_the_own_address_is_the_one_that_the_client_sees(string host, string origin, HttpStatusCode status)
    {
        await using var gateway = await StartAsync(settings: new() { ["Gateway:KnownProxies:0"] = "127.0.0.1" });
        using var answer = await SendAsync(gateway, HttpMethod.Post, Negotiate, origin, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", host));

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_listed_origin_is_told_what_it_may_send_and_may_read_every_answer()
    {
        await using var gateway = await StartAsync(Listed);

        using var preflight = await SendAsync(
            gateway, HttpMethod.Options, Negotiate, Listed, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,x-requested-with"));
        Assert.Equal(
            (HttpStatusCode.NoContent, Listed, "true", "authorization,x-requested-with"),
            (preflight.StatusCode, Header(preflight, "Access-Control-Allow-Origin"), Header(preflight, "Access-Control-Allow-Credentials"), Header(preflight, "Access-Control-Allow-Headers")));
        Assert.Empty(_hub.Seen);

        using var negotiated = await SendAsync(gateway, HttpMethod.Post, Negotiate, Listed);
        using var request = new HttpRequestMessage(HttpMethod.Post, Negotiate) { Headers = { { "Origin", Listed } } };
        using var refused = await gateway.Browser().SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (negotiated.StatusCode, refused.StatusCode));
        foreach (var answer in (HttpResponseMessage[])[negotiated, refused])
        {
            Assert.Equal(
                (Listed, "true", "Retry-After"),
                (Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Access-Control-Allow-Credentials"), Header(answer, "Access-Control-Expose-Headers")));
        }
    }

    [Theory]
    [InlineData("capacitor://localhost")]
    [InlineData("ionic://localhost")]
    [InlineData("tauri://localhost")]
    [InlineData("app://com.example.shop:8080")]
    [InlineData("chrome-extension://abcdefghijklmnopabcdefghijklmnop")]
    [InlineData("moz-extension://6f2b1c1e-0c1f-4d5e-9a57-1b1d2c3e4f50")]
    public async Task An_apps_own_scheme_can_be_listed_and_gets_in_only_then(string origin)
    {
        await using var gateway = await StartAsync(origin);
        using var answer = await SendAsync(gateway, HttpMethod.Post, Negotiate, origin);
        using var other = await SendAsync(gateway, HttpMethod.Post, Negotiate, origin + "x");
        await using var without = await StartAsync();
        using var refused = await SendAsync(without, HttpMethod.Post, Negotiate, origin);
        using var own = await SendAsync(without, HttpMethod.Post, Negotiate, $"capacitor://{without.Address.Authority}");

        Assert.Equal((HttpStatusCode.OK, origin), (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin")));
        Assert.Equal(
            (HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (other.StatusCode, refused.StatusCode, own.StatusCode));
    }

    [Theory]
    [InlineData(null, "http", "path=/; samesite=strict; httponly")]
    [InlineData(null, "https", "path=/; secure; samesite=strict; httponly")]
    [InlineData(Listed, "http", "path=/; samesite=strict; httponly")]
    [InlineData(Listed, "https", "path=/; secure; samesite=none; httponly; Partitioned")]
    public async Task The_affinity_cookie_goes_no_further_than_it_has_to(string? origin, string scheme, string attributes)
    {
        await using var gateway = await StartAsync(origin, new() { ["Gateway:KnownProxies:0"] = "127.0.0.1" });
        using var answer = await SendAsync(gateway, HttpMethod.Post, Negotiate, origin, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", scheme));

        Assert.Equal(attributes, Header(answer, "Set-Cookie").Split("; ", 2)[1]);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("https://*.example.com")]
    [InlineData("https://app.example.com/path")]
    [InlineData("https://app.example.com/")]
    [InlineData("app.example.com")]
    [InlineData("wss://app.example.com")]
    [InlineData("file:///index.html")]
    [InlineData("chrome-extension://*")]
    [InlineData("capacitor://localhost/index.html")]
    [InlineData("localhost:80")]
    [InlineData("https://ann@app.example.com")]
    [InlineData("null")]
    public async Task What_is_no_origin_can_not_be_listed(string origin)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(origin));

        Assert.Contains($"Gateway:Origins has \"{origin}\", which is no origin. It has to be scheme://host[:port]", refused.Message, StringComparison.Ordinal);
    }

    private async Task<RunningGateway> StartAsync(string? origin = null, Dictionary<string, string?>? settings = null)
    {
        settings ??= [];
        if (origin is not null)
        {
            settings["Gateway:Origins:0"] = origin;
        }

        var gateway = await RunningGateway.StartAsync(settings: settings);
        await gateway.UseAsync(_hub.Instance);
        return gateway;
    }

    private static async Task<HttpResponseMessage> SendAsync(
        RunningGateway gateway, HttpMethod method, string path, string? origin, params (string Name, string Value)[] headers)
    {
        using var browser = gateway.Browser(Token);
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return await browser.SendAsync(request);
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
