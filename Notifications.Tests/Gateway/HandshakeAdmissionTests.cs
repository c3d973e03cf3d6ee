using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Notifications.Client;
using Notifications.Gateway;
using Notifications.Gateway.Sessions;
using Notifications.Messaging.Registry;
using Notifications.Tests.Browser;
using Notifications.Tests.Hub;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class HandshakeAdmissionTests : IAsyncLifetime
{
    private const string NewSession = RunningGateway.HubPath + "/negotiate";
    private static readonly string Token = TestTokens.Create("ann");

    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync("a");

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task A_thousand_clients_at_once_get_in_at_the_rate_and_few_ask_in_vain_twice()
    {
        const int clients = 1_000, rate = 200, burst = 50;
        await using var gateway = await StartAsync(rate, burst, queue: 50);
        using var http = gateway.Browser(Token);
        var watch = Stopwatch.StartNew();
        var begun = Stopwatch.GetElapsedTime(0);

        var tries = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => GetInAsync(http)));

        // The hub saw each of them once, and at no time more than the bucket had given since the beginning: a busy machine can only make that fewer.
        var arrivals = _hub.Seen.Select(seen => seen.At).Order().ToArray();
        Assert.Equal(clients, arrivals.Length);
        for (var arrived = 1; arrived <= clients; arrived++)
        {
            Assert.InRange(arrived, 1, burst + (rate * (arrivals[arrived - 1] - begun).TotalSeconds) + (rate / HandshakeAdmission.ReplenishmentsPerSecond));
        }

        // At the limit it takes 4.75 s, and those who do not get in at once need two tries.
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds((clients - burst) / rate), TimeSpan.FromSeconds(12));
        Assert.InRange(tries.Average(), 1, 2.5);
    }

    [Fact]
    public async Task One_too_many_is_told_when_to_come_back_and_sessions_that_have_begun_are_not_concerned()
    {
        await using var gateway = await StartAsync(rate: 1, burst: 1, queue: 0);
        using var metrics = new Measurements(gateway.Meters, "notifications.handshakes");
        using var http = gateway.Browser(Token);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(NewSession, null)).StatusCode);

        using var refused = await http.PostAsync(NewSession, null);

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "More sessions begin at the moment than this gateway lets in. Try again after 1 s (Retry-After), and a random time more."),
            await RunningGateway.ProblemOf(refused));
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal("a", await http.GetStringAsync(RunningGateway.HubPath + "?id=session"));
        Assert.Equal(["outcome=admitted 1", "outcome=refused 1"], metrics.All);
    }

    [Fact]
    public async Task A_few_wait_for_their_turn_and_notice_nothing()
    {
        await using var gateway = await StartAsync(rate: 10, burst: 1, queue: 4);
        using var http = gateway.Browser(Token);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => http.PostAsync(NewSession, null)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Fact]
    public async Task A_caller_without_a_token_uses_up_nothing()
    {
        await using var gateway = await StartAsync(rate: 1, burst: 1, queue: 0);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.Browser().PostAsync(NewSession, null)).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await gateway.Browser(Token).PostAsync(NewSession, null)).StatusCode);
    }

    [Fact]
    public async Task Our_client_comes_back_when_it_was_told_to()
    {
        await using var gateway = await StartAsync(rate: 1, burst: 1, queue: 1);
        await using var hub = await HubHost.StartAsync(gateway.Redis.ConnectionString);
        await gateway.UseAsync(InstanceOf("hub", hub));
        using var http = gateway.Browser(Token);
        // The second is let in when a new token is there, so the next one is a whole second away.
        await http.PostAsync(NewSession, null);
        await http.PostAsync(NewSession, null);
        var waits = http.PostAsync(NewSession, null);
        await Eventually.True(() => gateway.Waiting == 1, "the queue to be full");
        var tries = new ConcurrentQueue<(TimeSpan At, HttpStatusCode Answer)>();

        await using var client = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri(gateway.Address, RunningGateway.HubPath),
            AccessToken = _ => Task.FromResult<string?>(Token),
            MinDelay = TimeSpan.FromMilliseconds(1),
            ConfigureHttp = options => options.HttpMessageHandlerFactory = inner => new Observed(inner, tries),
        });
        await client.StartAsync();

        await waits;
        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK], tries.Select(attempt => attempt.Answer));
        // One waits before it, and then it is its turn. A timer may be a little early.
        Assert.InRange(tries.Last().At - tries.First().At, TimeSpan.FromMilliseconds(1_990), TimeSpan.FromSeconds(10));
    }

    [FactWithNode]
    public async Task Our_browser_client_finds_its_instance_outside_a_browser_too()
    {
        await using var gateway = await RunningGateway.StartAsync();
        await using var a = await HubHost.StartAsync(gateway.Redis.ConnectionString);
        await using var b = await HubHost.StartAsync(gateway.Redis.ConnectionString);
        await gateway.UseAsync(InstanceOf("a", a), InstanceOf("b", b));

        for (var i = 0; i < 4; i++)
        {
            await using var client = NodeProcess.Start("tests/own-client.js", new Uri(gateway.Address, RunningGateway.HubPath).ToString(), Token);
            await Eventually.True(() => client.Output.Contains("connected"), "the client to connect");
            Assert.Equal(["disconnected", "connecting", "connected"], client.Output);
        }
    }

    [Theory]
    [InlineData("HandshakesPerSecond", "0", "Gateway:HandshakesPerSecond is 0 and has to be 1 or more.")]
    [InlineData("HandshakeQueue", "-1", "Gateway:HandshakeQueue is -1 and has to be 0 or more.")]
    [InlineData("HandshakeBurst", "24", "Gateway:HandshakeBurst is 24 and has to be at least a tenth of HandshakesPerSecond, 250: they are let in ten times a second.")]
    [InlineData("HandshakeTimeout", "00:00:00", "Gateway:HandshakeTimeout is 00:00:00 and has to be longer than zero, such as 00:00:01.")]
    [InlineData("DrainWindow", "01:00:00", "Gateway:DrainWindow is 01:00:00 and has to be from zero to 00:10:00, such as 00:00:03.")]
    public void A_setting_that_makes_no_sense_is_named_at_the_start(string setting, string value, string problem)
    {
        var builder = RunningGateway.Builder(Environments.Development, new() { ["Gateway:" + setting] = value });
        builder.AddGatewayOptions();

        var refused = Assert.Throws<OptionsValidationException>(() => builder.Build().Services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    private static HubInstance InstanceOf(string id, HubHost hub) => new(id, hub.Address.ToString(), Draining: false);

    private async Task<RunningGateway> StartAsync(int rate, int burst, int queue)
    {
        var gateway = await RunningGateway.StartAsync(settings: new()
        {
            ["Gateway:HandshakesPerSecond"] = $"{rate}",
            ["Gateway:HandshakeBurst"] = $"{burst}",
            ["Gateway:HandshakeQueue"] = $"{queue}",
        });
        await gateway.UseAsync(_hub.Instance);
        return gateway;
    }

    /// <summary>As our clients do it: when the gateway says, and up to half a second later.</summary>
    private static async Task<int> GetInAsync(HttpClient http)
    {
        for (var tries = 1; ; tries++)
        {
            using var response = await http.PostAsync(NewSession, null);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return tries;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            await Task.Delay(response.Headers.RetryAfter!.Delta!.Value + (TimeSpan.FromSeconds(0.5) * Random.Shared.NextDouble()));
        }
    }

    /// <summary>When a client negotiated, and what it was answered.</summary>
    private sealed class Observed(HttpMessageHandler inner, ConcurrentQueue<(TimeSpan At, HttpStatusCode Answer)> tries) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var at = Stopwatch.GetElapsedTime(0);
            var response = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Post)
            {
                tries.Enqueue((at, response.StatusCode));
            }

            return response;
        }
    }
}
