using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>Each limit: the answer to one too many, which names it, and that others are not concerned.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private const string Negotiate = RunningGateway.HubPath + "/negotiate";
    private const string Poll = RunningGateway.HubPath + "?id=session";
    private static readonly string Ann = TestTokens.Create("ann");
    private static readonly string Bob = TestTokens.Create("bob");

    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync("a");

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", "203.0.113.8")]
    [InlineData("2001:db8:0:1::7", "2001:db8:0:1:ffff::9", "2001:db8:0:2::7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7", "::ffff:203.0.113.8")]
    public async Task Handshakes_of_an_address_before_its_token_is_looked_at(string first, string same, string other)
    {
        await using var gateway = await StartAsync(("HandshakesPerAddress:PerSecond", "1"), ("HandshakesPerAddress:Burst", "1"));
        using var metrics = new Measurements(gateway.Meters, "notifications.refused");
        Assert.Equal(HttpStatusCode.Unauthorized, (await FromAsync(gateway, first, token: null)).StatusCode);

        using var refused = await FromAsync(gateway, same, Ann);

        await AssertRefusedAsync(
            refused, HttpStatusCode.TooManyRequests, 1,
            "More handshakes come from this address than the 1 at once and 1 per second that Gateway:Limits:HandshakesPerAddress lets in. Connect fewer clients at a time. Try again after 1 s (Retry-After).");
        Assert.Equal(HttpStatusCode.OK, (await FromAsync(gateway, other, Ann)).StatusCode);
        Assert.Equal(["limit=handshakes_per_address 1"], metrics.All);
    }

    [Fact]
    public async Task Handshakes_of_a_user()
    {
        await using var gateway = await StartAsync(("HandshakesPerUser:PerSecond", "1"), ("HandshakesPerUser:Burst", "1"));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Browser(Ann).PostAsync(Negotiate, null)).StatusCode);

        await AssertRefusedAsync(
            await gateway.Browser(Ann).PostAsync(Negotiate, null), HttpStatusCode.TooManyRequests, 1,
            "This user begins more sessions than the 1 at once and 1 per second that Gateway:Limits:HandshakesPerUser lets in. Keep a connection, and wait longer after each one that failed. Try again after 1 s (Retry-After).");
        Assert.Equal(HttpStatusCode.OK, (await gateway.Browser(Bob).PostAsync(Negotiate, null)).StatusCode);
    }

    [Theory]
    [InlineData("POST", Negotiate + "?id=x")]
    [InlineData("POST", Negotiate + "?negotiateVersion=1&ID=x")]
    [InlineData("POST", Negotiate + "/?id=x")]
    [InlineData("POST", RunningGateway.HubPath + "/Negotiate?id=x")]
    [InlineData("POST", RunningGateway.HubPath + "/%6eegotiate?id=x")]
    [InlineData("POST", "/hubs/prices/negotiate?id=x")]
    [InlineData("GET", RunningGateway.HubPath)]
    [InlineData("GET", RunningGateway.HubPath + "?id")]
    [InlineData("GET", RunningGateway.HubPath + "?id=")]
    public async Task Whatever_begins_a_session_at_the_hub_is_a_handshake(string method, string path)
    {
        await using var gateway = await StartAsync(("HandshakesPerUser:PerSecond", "1"), ("HandshakesPerUser:Burst", "1"));
        using var ann = gateway.Browser(Ann);
        Assert.Equal(HttpStatusCode.OK, (await ann.PostAsync(Negotiate, null)).StatusCode);

        using var another = await ann.SendAsync(new HttpRequestMessage(new(method), path));

        Assert.Equal(HttpStatusCode.TooManyRequests, another.StatusCode);
        Assert.Single(_hub.Seen);
    }

    [Fact]
    public async Task Publishes_of_a_caller_and_his_other_requests_are_counted_apart()
    {
        await using var gateway = await StartAsync(
            ("PublishesPerUser:PerSecond", "1"), ("PublishesPerUser:Burst", "1"), ("RequestsPerUser:PerSecond", "1"), ("RequestsPerUser:Burst", "1"));
        using var ann = gateway.Browser(Ann);
        Assert.Equal(HttpStatusCode.OK, (await ann.PostAsJsonAsync("/api/notifications", 1)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/api/notifications")).StatusCode);

        await AssertRefusedAsync(
            await ann.PostAsJsonAsync("/api/notifications", 1), HttpStatusCode.TooManyRequests, 1,
            "This caller publishes more often than the 1 at once and 1 per second that Gateway:Limits:PublishesPerUser lets in. Send several notifications as an array. Try again after 1 s (Retry-After).");
        await AssertRefusedAsync(
            await ann.GetAsync("/api/devices/phone"), HttpStatusCode.TooManyRequests, 1,
            "This user sends more requests than the 1 at once and 1 per second that Gateway:Limits:RequestsPerUser lets in. Send fewer, and notifications over a connection. Try again after 1 s (Retry-After).");
        Assert.Equal(HttpStatusCode.OK, (await gateway.Browser(Bob).GetAsync("/api/notifications")).StatusCode);
    }

    [Fact]
    public async Task Connections_of_a_user_at_the_handshake_and_at_the_stream()
    {
        _hub.Answers = FakeHubMood.Never;
        await using var gateway = await StartAsync(("ConnectionsPerUser", "1"));
        using var closing = new CancellationTokenSource();
        using var ann = gateway.Browser(Ann);
        var held = ann.GetAsync(Poll, closing.Token);
        await Eventually.True(() => gateway.Sessions == 1, "the poll to be held");

        foreach (var another in (HttpResponseMessage[])[await ann.PostAsync(Negotiate, null), await ann.GetAsync(Poll)])
        {
            await AssertRefusedAsync(
                another, HttpStatusCode.TooManyRequests, 5,
                "This user has 1 connections open through this gateway, as many as Gateway:Limits:ConnectionsPerUser allows. Close one. Try again after 5 s (Retry-After).");
        }

        await closing.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        _hub.Answers = FakeHubMood.WithItsId;
        await Eventually.True(async () => (await ann.PostAsync(Negotiate, null)).StatusCode == HttpStatusCode.OK, "the place to be free again");
    }

    [Fact]
    public async Task Sessions_of_the_gateway()
    {
        _hub.Answers = FakeHubMood.Never;
        await using var gateway = await StartAsync(("Sessions", "1"));
        using var closing = new CancellationTokenSource();
        var held = gateway.Browser(Ann).GetAsync(Poll, closing.Token);
        await Eventually.True(() => gateway.Sessions == 1, "the poll to be held");

        await AssertRefusedAsync(
            await gateway.Browser(Bob).PostAsync(Negotiate, null), HttpStatusCode.ServiceUnavailable, 5,
            "This gateway has 1 sessions open and takes no more (Gateway:Limits:Sessions, by default what its open files allow). Another gateway may have room. Try again after 5 s (Retry-After).");
        await closing.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
    }

    [Theory]
    [InlineData("/api/devices/phone", "BodyBytes")]
    [InlineData("/api/notifications", "PublishBytes")]
    [InlineData(Poll, "SendBytes")]
    public async Task A_body_that_is_too_large_whether_it_says_so_or_not(string path, string name)
    {
        await using var gateway = await StartAsync((name, "10"));
        using var ann = gateway.Browser(Ann);

        Assert.Equal(
            (HttpStatusCode.RequestEntityTooLarge, $"The body has 11 bytes and may have 10 (Gateway:Limits:{name}). Send less, or several requests."),
            await RunningGateway.ProblemOf(await ann.PutOrPostAsync(path, new ByteArrayContent(new byte[11]))));
        Assert.Empty(_hub.Seen);
        using var chunked = new StreamContent(new MemoryStream(new byte[100_000]));
        ann.DefaultRequestHeaders.TransferEncodingChunked = true;
        Assert.Equal(
            (HttpStatusCode.RequestEntityTooLarge, $"The body is too large and may have 10 (Gateway:Limits:{name}). Send less, or several requests."),
            await RunningGateway.ProblemOf(await ann.PutOrPostAsync(path, chunked)));
    }

    [Theory]
    [InlineData("PUT", "/api/devices/phone", "x", true)]
    [InlineData("PUT", "/api/devices/phone", "websocket", true)]
    [InlineData("PUT", "/api/devices/phone", "websocket", false)]
    [InlineData("POST", "/api/notifications", "h2c", true)]
    [InlineData("POST", Poll, "websocket", true)]
    [InlineData("GET", Poll, "websocket", true)]
    [InlineData("GET", Poll, "x", false)]
    public async Task A_body_that_is_too_large_also_with_an_upgrade_that_nobody_takes(string method, string path, string upgrade, bool connects)
    {
        await using var gateway = await StartAsync(("BodyBytes", "10"), ("PublishBytes", "10"), ("SendBytes", "10"));
        using var ann = gateway.Browser(Ann);
        using var request = new HttpRequestMessage(new(method), path) { Content = new ByteArrayContent(new byte[100_000]) };
        request.Headers.TryAddWithoutValidation("Upgrade", upgrade);
        if (connects)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        }

        using var refused = await ann.SendAsync(request);

        Assert.Contains(refused.StatusCode, (HttpStatusCode[])[HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest]);
        Assert.Empty(_hub.Seen);
    }

    [Fact]
    public async Task Headers_that_are_too_large()
    {
        await using var gateway = await StartAsync(("HeaderBytes", "1024"));
        using var ann = gateway.Browser(Ann);
        ann.DefaultRequestHeaders.Add("X-Large", new string('x', 1024));

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await ann.GetAsync("/api/notifications")).StatusCode);
    }

    [Fact]
    public async Task A_request_that_takes_too_long()
    {
        _hub.Answers = FakeHubMood.Never;
        await using var gateway = await StartAsync(("ApiTimeout", "00:00:00.200"));

        Assert.Equal(
            (HttpStatusCode.GatewayTimeout, "The service behind /api/notifications did not answer in time. Try again after a moment."),
            await RunningGateway.ProblemOf(await gateway.Browser(Ann).GetAsync("/api/notifications")));
    }

    [Fact]
    public async Task A_body_that_never_ends()
    {
        await using var gateway = await StartAsync(("ApiTimeout", "00:00:00.200"));
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/notifications HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nAuthorization: Bearer {Ann}\r\nContent-Length: 100\r\n\r\n["));
        using var reader = new StreamReader(client.GetStream());

        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Connections_of_an_address_are_closed_where_there_is_one_too_many_and_the_place_is_free_after_one()
    {
        await using var gateway = await StartAsync(("ConnectionsPerAddress", "1"));
        using (var idle = new TcpClient())
        {
            await idle.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
            await Eventually.True(async () => await IsClosedAsync(gateway), "a second connection to be closed");
        }

        await Eventually.True(async () => !await IsClosedAsync(gateway), "the place to be free again");
    }

    [Theory]
    [InlineData("TRACE", Negotiate)]
    [InlineData("PATCH", "/api/notifications")]
    [InlineData("PROPFIND", "/api/orders")]
    public async Task A_method_that_no_service_has_does_not_get_to_one(string method, string path)
    {
        await using var gateway = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        Assert.Equal(
            (HttpStatusCode.MethodNotAllowed, $"{method} does not work on {path}: see the Allow header."),
            await RunningGateway.ProblemOf(await gateway.Browser(Ann).SendAsync(request)));
        Assert.Empty(_hub.Seen);
    }

    [Fact]
    public async Task Zero_is_no_limit()
    {
        await using var gateway = await StartAsync(
            ("HandshakesPerAddress:PerSecond", "0"), ("HandshakesPerUser:PerSecond", "0"), ("ConnectionsPerUser", "0"), ("ConnectionsPerAddress", "0"));
        using var ann = gateway.Browser(Ann);

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ann.PostAsync(Negotiate, null))), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Theory]
    [InlineData("HandshakesPerUser:PerSecond", "-1", "HandshakesPerUser lets -1 in per second and 50 at once.")]
    [InlineData("HandshakesPerAddress:Burst", "1", "HandshakesPerAddress lets 200 in per second and 1 at once.")]
    [InlineData("ConnectionsPerUser", "-1", "ConnectionsPerUser is -1 and has to be 0 or more.")]
    [InlineData("BodyBytes", "0", "BodyBytes is 0 and has to be 1 or more.")]
    [InlineData("ApiTimeout", "00:00:00", "ApiTimeout is 00:00:00 and has to be longer than zero, such as 00:00:30.")]
    public async Task A_limit_that_can_not_be_is_refused_at_the_start(string key, string value, string says)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync((key, value)));

        Assert.Contains($"Gateway:Limits:{says}", refused.Message, StringComparison.Ordinal);
    }

    private async Task<RunningGateway> StartAsync(params (string Key, string Value)[] limits)
    {
        // So that a test can come from any address.
        var settings = new Dictionary<string, string?> { ["Gateway:KnownProxies:0"] = limits.Any(limit => limit.Key == "ConnectionsPerAddress") ? "127.0.0.2" : "127.0.0.1" };
        foreach (var (key, value) in limits)
        {
            settings[$"Gateway:Limits:{key}"] = value;
        }

        var gateway = await RunningGateway.StartAsync(settings: settings);
        await gateway.UseAsync(_hub.Instance);
        return gateway;
    }

    private static async Task<HttpResponseMessage> FromAsync(RunningGateway gateway, string address, string? token)
    {
        using var browser = gateway.Browser(token);
        browser.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        return await browser.PostAsync(Negotiate, null);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode status, int retryAfter, string detail)
    {
        Assert.Equal((status, detail), await RunningGateway.ProblemOf(answer));
        Assert.Equal(TimeSpan.FromSeconds(retryAfter), answer.Headers.RetryAfter?.Delta);
        answer.Dispose();
    }

    /// <summary>Whether the gateway closes a connection before it answers on it.</summary>
    private static async Task<bool> IsClosedAsync(RunningGateway gateway)
    {
        using var http = gateway.Browser();
        try
        {
            await http.GetAsync("/alive");
            return false;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            // The latter where it was closed before HttpClient had a look at it.
            return true;
        }
    }
}

file static class Bodies
{
    public static Task<HttpResponseMessage> PutOrPostAsync(this HttpClient client, string path, HttpContent body) =>
        path.StartsWith("/api/devices", StringComparison.Ordinal) ? client.PutAsync(path, body) : client.PostAsync(path, body);
}
