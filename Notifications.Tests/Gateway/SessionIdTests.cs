using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Tests.Browser;
using Notifications.Tests.Hub;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>Clients that keep no cookies, and whose requests go to two gateways in turn, reach the one hub of three that has their session.</summary>
public sealed class SessionIdTests : IAsyncLifetime
{
    private const int Hubs = 3;
    private const string OperatorHub = "/hubs/operator";
    private static readonly string Token = TestTokens.Create("ann", [TokenNames.OperatorRole]);

    private readonly List<HubHost> _hubs = [];
    private RunningGateway _first = null!;
    private RunningGateway _second = null!;
    private int _turn;

    public async Task InitializeAsync()
    {
        _first = await RunningGateway.StartAsync();
        _second = await RunningGateway.StartAsync(shared: _first.Redis);
        for (var i = 0; i < Hubs; i++)
        {
            _hubs.Add(await HubHost.StartInstanceAsync(
                _first.Redis.ConnectionString,
                builder => builder.Services.AddResponseCompression().AddSingleton<IStartupFilter, Compressed>(),
                app => app.MapHub<OwnHub>(OwnHub.Path),
                ("Instance:RefreshInterval", "00:00:00.100")));
        }

        foreach (var gateway in Gateways)
        {
            await Eventually.True(() => gateway.Hubs.Count == Hubs, "the gateway to know the hubs");
            await gateway.SettleAsync();
        }
    }

    public async Task DisposeAsync()
    {
        await _second.DisposeAsync();
        foreach (var hub in _hubs)
        {
            await hub.DisposeAsync();
        }

        await _first.DisposeAsync();
    }

    [Theory]
    [InlineData(RunningGateway.HubPath, HttpTransportType.WebSockets)]
    [InlineData(RunningGateway.HubPath, HttpTransportType.ServerSentEvents)]
    [InlineData(RunningGateway.HubPath, HttpTransportType.LongPolling)]
    [InlineData(OwnHub.Path, HttpTransportType.WebSockets)]
    [InlineData(OwnHub.Path, HttpTransportType.ServerSentEvents)]
    [InlineData(OwnHub.Path, HttpTransportType.LongPolling)]
    [InlineData(OperatorHub, HttpTransportType.WebSockets)]
    [InlineData(OperatorHub, HttpTransportType.ServerSentEvents)]
    [InlineData(OperatorHub, HttpTransportType.LongPolling)]
    public async Task A_stock_client_without_cookies_keeps_its_hub(string path, HttpTransportType transport)
    {
        var instances = new HashSet<string>();
        for (var i = 0; i < 2 * Hubs; i++)
        {
            await using var client = Client(path, transport);
            await client.StartAsync();
            if (path != OperatorHub)
            {
                instances.Add(await client.InvokeAsync<string>("Instance"));
            }
        }

        Assert.Equal(path == OperatorHub ? 0 : Hubs, instances.Count);
    }

    [FactWithNode]
    public async Task A_stock_client_in_Node_without_cookies_keeps_its_hub()
    {
        string[] hubs = [.. Gateways.Select(gateway => new Uri(gateway.Address, RunningGateway.HubPath).ToString())];
        foreach (var transport in (HttpTransportType[])[HttpTransportType.WebSockets, HttpTransportType.ServerSentEvents, HttpTransportType.LongPolling])
        {
            var instances = new HashSet<string>();
            for (var i = 0; i < Hubs; i++)
            {
                await using var client = NodeProcess.Start(["tests/cookieless-client.js", $"{transport}", Token, .. hubs]);
                var exitCode = await client.WaitForExitAsync(TimeSpan.FromSeconds(30));
                Assert.True(exitCode == 0, $"{transport}: {string.Join('\n', client.Output)}");
                instances.UnionWith(client.Output);
            }

            Assert.Equal(_hubs.Select(hub => hub.Id).Order(), instances.Order());
        }
    }

    [Theory]
    [InlineData("", "connectionId")]
    [InlineData("?negotiateVersion=0", "connectionId")]
    [InlineData("?negotiateVersion=1", "connectionToken")]
    public async Task Every_version_of_negotiate_and_each_of_a_sessions_requests(string version, string member)
    {
        for (var i = 0; i < Hubs; i++)
        {
            using var client = Client(_first);
            client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip, br");
            using var negotiated = await client.PostAsync(RunningGateway.HubPath + "/negotiate" + version, null);
            // With a length, as the hub sent it.
            Assert.Null(negotiated.Headers.TransferEncodingChunked);
            var id = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty(member).GetString()!;
            foreach (var gateway in (RunningGateway[])[_second, _first])
            {
                using var poll = await Client(gateway).GetAsync($"{RunningGateway.HubPath}?x=1&ID={Uri.EscapeDataString(id)}&y=a%2Bb");
                Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
                using var sent = await Client(gateway).PostAsync($"{RunningGateway.HubPath}?id={id}", new StringContent("{\"protocol\":\"json\",\"version\":1}\u001e"));
                Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
            }

            using var ended = await Client(_second).DeleteAsync($"{RunningGateway.HubPath}?id={id}");
            Assert.Equal(HttpStatusCode.Accepted, ended.StatusCode);
        }
    }

    [Fact]
    public async Task An_id_of_no_instance_is_not_found_and_leads_nowhere()
    {
        using var negotiated = await Client(_first).PostAsync(RunningGateway.HubPath + "/negotiate?negotiateVersion=1", null);
        var id = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString()!;
        await using var elsewhere = await FakeHub.StartAsync("elsewhere");
        string[] forged =
        [
            ".", "x.", "..", "x.y", $"x.{new string('0', 16)}", id + "0", id + ".", id[..^1], id.ToUpperInvariant(), "." + id + "/", "x. ", "x.\0", "x.é", "x.%",
            $"x.{elsewhere.Instance.Address}", $"{elsewhere.Instance.Address}/.{elsewhere.Instance.Address}", $"x.@127.0.0.1:{new Uri(elsewhere.Instance.Address).Port}",
            $"x.{_hubs[0].Id}", $"x.{_hubs[0].Address}", "x.{\"a\":1}", "x." + new string('a', 4_000),
        ];
        foreach (var each in forged)
        {
            var address = $"{RunningGateway.HubPath}?id={Uri.EscapeDataString(each)}";
            foreach (var gateway in Gateways)
            {
                foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete])
                {
                    await IsNotFoundAsync(gateway, new HttpRequestMessage(method, address), each);
                }

                await IsNotFoundAsync(gateway, Upgrade(address), each);
                await IsNotFoundAsync(gateway, new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "text/event-stream" } } }, each);
            }
        }

        using var twice = await Client(_first).GetAsync($"{RunningGateway.HubPath}?id={id}&id={id}");
        Assert.Equal(HttpStatusCode.NotFound, twice.StatusCode);
        Assert.Empty(elsewhere.Seen);
        using var still = await Client(_second).GetAsync($"{RunningGateway.HubPath}?id={id}");
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    [Fact]
    public async Task The_hub_sees_its_own_id_and_the_rest_of_the_query_and_an_instance_that_is_gone_takes_its_sessions_along()
    {
        await using var hub = await FakeHub.StartAsync("fake");
        hub.Negotiate = Answer("""{"connectionToken":"own"}""");
        await using var gateway = await RunningGateway.StartAsync();
        await gateway.UseAsync(hub.Instance);
        var id = await NegotiateAsync(gateway, "connectionToken");

        using var answer = await Client(gateway).GetAsync($"{RunningGateway.HubPath}?a=1%2B2&id={id}&b=%20");
        Assert.Equal("fake", await answer.Content.ReadAsStringAsync());
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(hub.Seen.Last().Query);
        Assert.Equal([("a", "1+2"), ("b", " "), ("id", "own")], query.Select(pair => (pair.Key, pair.Value.ToString())).Order());

        await using var other = await FakeHub.StartAsync("other");
        await gateway.UseAsync(other.Instance);
        using var gone = await Client(gateway).GetAsync($"{RunningGateway.HubPath}?id={id}");
        Assert.Equal((HttpStatusCode.NotFound, "No running hub has the session of this id. Call negotiate to begin a new session."), await RunningGateway.ProblemOf(gone));
    }

    [Theory]
    [InlineData("""{"negotiateVersion":1,"connectionId":"a","connectionToken":"b","availableTransports":[{"connectionToken":"c"}],"ü":"\u00e9"}""", "b")]
    [InlineData("""{"connectionToken":"b","connectionId":"a"}""", "b")]
    [InlineData("""{"connectionId" : "a" }""", "a")]
    [InlineData("""{"url":"https://elsewhere.example/","accessToken":"t"}""", null)]
    [InlineData("""{"connectionId":7}""", null)]
    [InlineData("""[{"connectionId":"a"}]""", null)]
    [InlineData("""{"error":"connectionId"}""", null)]
    [InlineData("""{"connectionId":"a""", null)]
    [InlineData("", null)]
    public async Task Of_an_answer_nothing_but_the_id_changes(string answer, string? id)
    {
        await using var hub = await FakeHub.StartAsync("fake");
        await using var gateway = await RunningGateway.StartAsync();
        await gateway.UseAsync(hub.Instance);
        hub.Negotiate = Answer("""{"connectionId":""}""");
        var added = await NegotiateAsync(gateway, "connectionId");
        Assert.Matches(@"^\.[0-9a-f]{16}$", added);
        hub.Negotiate = Answer(answer);

        using var negotiated = await Client(gateway).PostAsync(RunningGateway.HubPath + "/negotiate", null);

        Assert.Equal(
            id is null ? answer : answer.Replace($"\"{id}\"", $"\"{id}{added}\"", StringComparison.Ordinal), await negotiated.Content.ReadAsStringAsync());
        Assert.Equal("application/json; charset=utf-8", negotiated.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_long_for_one_of_negotiate_passes_as_it_is(bool saysItsLength)
    {
        var answer = new JsonObject { ["connectionId"] = "a", ["long"] = new string('x', 1_000_000) }.ToJsonString();
        await using var hub = await FakeHub.StartAsync("fake");
        hub.Negotiate = Answer(answer, saysItsLength);
        await using var gateway = await RunningGateway.StartAsync();
        await gateway.UseAsync(hub.Instance);

        using var negotiated = await Client(gateway).PostAsync(RunningGateway.HubPath + "/negotiate", null);

        Assert.Equal(answer, await negotiated.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Where_instances_can_not_be_told_apart_ids_are_the_hubs()
    {
        await using var hub = await FakeHub.StartAsync("fake");
        hub.Negotiate = Answer("""{"connectionToken":"own"}""");
        await using var gateway = await RunningGateway.StartAsync(settings: new() { ["Gateway:Hubs"] = "Endpoint", ["services:hub:http:0"] = hub.Instance.Address });

        Assert.Equal("own", await NegotiateAsync(gateway, "connectionToken"));
        using var answer = await Client(gateway).GetAsync($"{RunningGateway.HubPath}?id=a.b");
        Assert.Equal("?id=a.b", hub.Seen.Last().Query);
    }

    private RunningGateway[] Gateways => [_first, _second];

    private static RequestDelegate Answer(string answer, bool saysItsLength = true) => context =>
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = saysItsLength ? Encoding.UTF8.GetByteCount(answer) : null;
        return context.Response.WriteAsync(answer);
    };

    private static async Task<string> NegotiateAsync(RunningGateway gateway, string member)
    {
        using var negotiated = await Client(gateway).PostAsync(RunningGateway.HubPath + "/negotiate", null);
        return (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty(member).GetString()!;
    }

    private static async Task IsNotFoundAsync(RunningGateway gateway, HttpRequestMessage request, string id)
    {
        using (request)
        {
            using var answer = await Client(gateway).SendAsync(request);
            var problem = await RunningGateway.ProblemOf(answer);
            Assert.True(
                problem == (HttpStatusCode.NotFound, "No running hub has the session of this id. Call negotiate to begin a new session."), $"{request.Method} {id}: {problem}");
        }
    }

    private static HttpRequestMessage Upgrade(string address) => new(HttpMethod.Get, address)
    {
        Headers = { { "Connection", "Upgrade" }, { "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" }, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" } },
    };

    /// <summary>Keeps no cookies.</summary>
    private static HttpClient Client(RunningGateway gateway) => new(new SocketsHttpHandler { UseCookies = false })
    {
        BaseAddress = gateway.Address,
        DefaultRequestHeaders = { Authorization = new("Bearer", Token) },
    };

    private HubConnection Client(string path, HttpTransportType transport)
    {
        return new HubConnectionBuilder().WithUrl(new Uri(_first.Address, path), options =>
        {
            options.Transports = transport;
            options.AccessTokenProvider = () => Task.FromResult<string?>(Token);
            options.HttpMessageHandlerFactory = handler =>
            {
                ((HttpClientHandler)handler).UseCookies = false;
                return new InTurn(handler, Next);
            };
            options.WebSocketFactory = async (context, cancellationToken) =>
            {
                var socket = new ClientWebSocket();
                socket.Options.SetRequestHeader("Authorization", $"Bearer {Token}");
                await socket.ConnectAsync(At(context.Uri, Next()), cancellationToken);
                return socket;
            };
        }).Build();

        // Two to the first for one to the second: requests in strict turn would be placed alike by both.
        Uri Next() => Gateways[Interlocked.Increment(ref _turn) % 3 / 2].Address;
    }

    private static Uri At(Uri address, Uri gateway) => new UriBuilder(address) { Port = gateway.Port }.Uri;

    private sealed class InTurn(HttpMessageHandler inner, Func<Uri> next) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = At(request.RequestUri!, next());
            return base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Compresses what the client lets it, as an adopter may have it.</summary>
    private sealed class Compressed : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseResponseCompression();
            next(app);
        };
    }
}
