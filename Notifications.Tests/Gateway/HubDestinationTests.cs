using System.Diagnostics;
using System.Net;
using Notifications.Messaging.Registry;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class HubDestinationTests : IAsyncLifetime
{
    private const string Session = RunningGateway.HubPath + "?id=session";
    private const string NewSession = RunningGateway.HubPath + "/negotiate";
    private static readonly string Token = TestTokens.Create("ann");

    private RunningGateway _gateway = null!;
    private FakeHub _a = null!;
    private FakeHub _b = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync();
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
    public async Task Requests_go_to_whoever_is_in_the_registry()
    {
        var problem = await RunningGateway.ProblemOf(await _gateway.Browser(Token).GetAsync(NewSession));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, problem.Status);

        await _gateway.UseAsync(_a.Instance);
        Assert.Equal("a", await BeginAsync(_gateway.Browser(Token)));

        await _gateway.UseAsync(_b.Instance);
        Assert.Equal("b", await BeginAsync(_gateway.Browser(Token)));
    }

    [Fact]
    public async Task A_session_stays_with_its_instance_and_new_ones_are_spread()
    {
        await _gateway.UseAsync(_a.Instance, _b.Instance);
        await _gateway.SettleAsync();
        var began = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            using var browser = _gateway.Browser(Token);
            var instance = await BeginAsync(browser);
            Assert.Equal([instance, instance], [await browser.GetStringAsync(Session), await browser.GetStringAsync(Session)]);
            began.Add(instance);
        }

        // The ten came before any lasting request, and still not to one instance alone.
        Assert.Equal([5, 5], began.CountBy(id => id).Select(count => count.Value));
    }

    [Fact]
    public async Task A_new_instance_does_not_get_a_crowd_alone()
    {
        await _gateway.UseAsync(_a.Instance);
        _a.Answers = FakeHubMood.Never;
        using var busy = _gateway.Browser(Token);
        var underWay = Enumerable.Range(0, 4).Select(_ => busy.GetAsync(Session)).ToArray();
        await Eventually.True(() => _a.Seen.Count == underWay.Length, "the requests to be under way");
        _a.Answers = FakeHubMood.WithItsId;
        await _gateway.UseAsync(_a.Instance, _b.Instance);
        await _gateway.SettleAsync();

        var began = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            began.Add(await BeginAsync(_gateway.Browser(Token)));
        }

        Assert.Equal([3, 3], began.CountBy(id => id).Select(count => count.Value));
        // Ended with the browser.
        Assert.All(underWay, request => Assert.False(request.IsCompleted));
    }

    [Fact]
    public async Task A_draining_instance_keeps_its_sessions_and_gets_no_new_ones()
    {
        await _gateway.UseAsync(_a.Instance);
        using var browser = _gateway.Browser(Token);
        Assert.Equal("a", await BeginAsync(browser));

        await _gateway.UseAsync(_a.Instance with { Draining = true }, _b.Instance);
        Assert.Equal("a", await browser.GetStringAsync(Session));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("b", await BeginAsync(_gateway.Browser(Token)));
        }

        // Told to reconnect, it begins a new session, and the old cookie does not lead it back.
        Assert.Equal("b", await BeginAsync(browser));
        Assert.Equal("b", await browser.GetStringAsync(Session));
    }

    [Fact]
    public async Task A_new_instance_gets_no_sessions_before_every_gateway_has_read_of_it_but_keeps_those_that_others_gave_it()
    {
        await _gateway.UseAsync(_b.Instance);
        var cookie = await AffinityCookieAsync();
        await _gateway.UseAsync(_a.Instance);
        await using var gateway = await RunningGateway.StartAsync(settings: new() { ["Gateway:PollInterval"] = "00:00:01" }, shared: _gateway.Redis);
        await gateway.UseAsync(_a.Instance);
        await gateway.UseAsync(_a.Instance, _b.Instance);
        var read = Stopwatch.StartNew();
        using var browser = gateway.Browser(Token);
        browser.DefaultRequestHeaders.Add("Cookie", cookie);

        Assert.Equal("a", await BeginAsync(gateway.Browser(Token)));
        Assert.Equal("b", await browser.GetStringAsync(Session));
        await Eventually.True(async () => await BeginAsync(gateway.Browser(Token)) == "b", "the new instance to get its first session");
        Assert.InRange(read.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task With_nothing_but_draining_instances_they_are_used()
    {
        await _gateway.UseAsync(_a.Instance with { Draining = true });

        Assert.Equal("a", await BeginAsync(_gateway.Browser(Token)));
    }

    [Fact]
    public async Task A_failed_read_keeps_the_list_and_says_so_once()
    {
        await _gateway.UseAsync(_a.Instance);
        await _gateway.Redis.DisposeAsync();
        await Eventually.True(() => Outages() > 0, "the gateway to notice that Redis is away", TimeSpan.FromSeconds(30));

        Assert.Equal("a", await BeginAsync(_gateway.Browser(Token)));
        Assert.Equal(HttpStatusCode.OK, (await _gateway.Browser().GetAsync("/health")).StatusCode);
        Assert.Equal(1, Outages());

        int Outages() => _gateway.Logs.All.Count(log => log.Message.StartsWith("The list of hub instances can't be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_entry_with_a_bad_address_does_not_spoil_the_list()
    {
        await _gateway.UseAsync(_a.Instance, new HubInstance("bad", "nowhere", Draining: false));

        Assert.Equal("a", await BeginAsync(_gateway.Browser(Token)));
        Assert.Contains(_gateway.Logs.All, log => log.Message == "Hub instance \"bad\" is left out: its address \"nowhere\" is no http:// or https:// URL.");
    }

    [Fact]
    public async Task The_gateway_is_ready_while_it_knows_an_instance()
    {
        using var browser = _gateway.Browser();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/alive")).StatusCode);

        await _gateway.UseAsync(_a.Instance);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task Where_replicas_cannot_be_told_apart_everything_goes_to_the_service_address()
    {
        await using var gateway = await RunningGateway.StartAsync(settings: new()
        {
            ["Gateway:Hubs"] = "Endpoint",
            ["services:hub:http:0"] = _a.Instance.Address,
        });

        Assert.Equal(HttpStatusCode.OK, (await gateway.Browser().GetAsync("/health")).StatusCode);
        Assert.Equal("a", await BeginAsync(gateway.Browser(Token)));
    }

    /// <summary>As a client has it that began its session through another gateway.</summary>
    private async Task<string> AffinityCookieAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_gateway.Address, NewSession)) { Headers = { Authorization = new("Bearer", Token) } };
        using var response = await http.SendAsync(request);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private static async Task<string> BeginAsync(HttpClient browser)
    {
        var response = await browser.PostAsync(NewSession, null);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }
}
