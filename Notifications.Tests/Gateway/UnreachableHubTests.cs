using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>Instances that are in the registry and do not answer.</summary>
public sealed class UnreachableHubTests : IAsyncLifetime
{
    private const string Session = RunningGateway.HubPath + "?id=session";
    private const string NewSession = RunningGateway.HubPath + "/negotiate";
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly string Token = TestTokens.Create("ann");

    private RunningGateway _gateway = null!;
    private FakeHub _a = null!;
    private FakeHub _b = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync(settings: new() { ["Gateway:HandshakeTimeout"] = HandshakeTimeout.ToString("c") });
        _a = await FakeHub.StartAsync("a");
        _b = await FakeHub.StartAsync("b");
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task A_client_of_a_killed_instance_begins_its_next_session_at_another_and_notices_nothing()
    {
        using var browser = await BrowserOfAAsync();
        await _a.DisposeAsync();

        Assert.Equal("b", await BeginAsync(browser));
        Assert.Equal("b", await browser.GetStringAsync(Session));
    }

    [Theory]
    [InlineData(FakeHubMood.Never)]
    [InlineData(FakeHubMood.WithRefusal)]
    public async Task A_session_that_its_instance_does_not_take_begins_at_another(FakeHubMood answers)
    {
        using var browser = await BrowserOfAAsync();
        _a.Answers = answers;

        Assert.Equal("b", await BeginAsync(browser));
        Assert.Equal("b", await browser.GetStringAsync(Session));
        var asked = _a.Seen.Count;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("b", await BeginAsync(_gateway.Browser(Token)));
        }

        // It was left alone, and was not even tried.
        Assert.Equal(asked, _a.Seen.Count);
    }

    [Fact]
    public async Task A_stream_that_its_instance_does_not_open_is_refused_within_the_limit()
    {
        await _gateway.UseAsync(_a.Instance);
        _a.Answers = FakeHubMood.Never;
        var watch = Stopwatch.StartNew();
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + Token);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{_gateway.Address.Authority}{Session}"), default));
        Assert.Equal(HttpStatusCode.GatewayTimeout, socket.HttpStatusCode);

        using var browser = _gateway.Browser(Token);
        browser.DefaultRequestHeaders.Accept.Add(new("text/event-stream"));
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await browser.GetAsync(Session)).StatusCode);
        Assert.InRange(watch.Elapsed, 2 * HandshakeTimeout, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_session_of_an_instance_that_was_silent_goes_on_when_it_answers_again()
    {
        using var staying = await BrowserOfAAsync();
        using var leaving = await BrowserOfAAsync();
        _a.Answers = FakeHubMood.Never;
        Assert.Equal("b", await BeginAsync(leaving));
        _a.Answers = FakeHubMood.WithItsId;

        Assert.Equal("b", await BeginAsync(_gateway.Browser(Token)));
        Assert.Equal("a", await staying.GetStringAsync(Session));
    }

    [Fact]
    public async Task With_no_instance_that_answers_the_client_is_told_to_come_back_soon()
    {
        await _gateway.UseAsync(_a.Instance, _b.Instance);
        _a.Answers = FakeHubMood.Never;
        await _b.DisposeAsync();

        using var response = await _gateway.Browser(Token).PostAsync(NewSession, null);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "No service is running behind /hubs/notifications/negotiate at the moment. Try again after a moment."),
            await RunningGateway.ProblemOf(response));
    }

    [Fact]
    public async Task An_outage_is_one_line_however_many_requests_it_meets()
    {
        await _gateway.UseAsync(_a.Instance);
        var address = _a.Instance.Address;
        await _a.DisposeAsync();
        using var browser = _gateway.Browser(Token);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.PostAsync(NewSession, null)).StatusCode);
        }

        var line = Assert.Single(_gateway.Logs.All, log => log.Message.Contains("can't be reached", StringComparison.Ordinal));
        Assert.StartsWith($"hub instance \"a\" at {address} can't be reached: Connection refused", line.Message);
        Assert.Equal((LogLevel.Warning, null), (line.Level, line.Exception));
    }

    private async Task<HttpClient> BrowserOfAAsync()
    {
        await _gateway.UseAsync(_a.Instance);
        var browser = _gateway.Browser(Token);
        Assert.Equal("a", await BeginAsync(browser));
        await _gateway.UseAsync(_a.Instance, _b.Instance);
        return browser;
    }

    private static async Task<string> BeginAsync(HttpClient browser)
    {
        var response = await browser.PostAsync(NewSession, null);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }
}
