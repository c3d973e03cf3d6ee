using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging.Redis;
using Notifications.Tests.Gateway;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>A hub class of an adopter's own, at two replicas behind the gateway.</summary>
public sealed class OwnHubTests : IAsyncLifetime
{
    /// <summary>Long enough for StackExchange.Redis to reach a Redis that is back: its waits between attempts grow.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisServers _servers = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly string _anna = RedisServers.Unique("anna");
    private readonly string _ben = RedisServers.Unique("ben");
    private readonly string _red = RedisServers.Unique("red");

    public static TheoryData<RedisKind, string> Kinds
    {
        get
        {
            var kinds = new TheoryData<RedisKind, string>();
            foreach (var kind in Enum.GetValues<RedisKind>().Where(kind => kind == RedisKind.Garnet || RedisServerProcess.IsInstalled))
            {
                kinds.Add(kind, OwnHubClient.Json);
                kinds.Add(kind, OwnHubClient.MessagePack);
            }

            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_reaches_a_user_a_group_and_all_across_the_replicas(RedisKind kind, string protocol)
    {
        var (hub, other, gateway) = await StartAsync(await _servers.GetAsync(kind));
        var here = await ConnectToAsync(hub, gateway, _anna, protocol);
        var there = await ConnectToAsync(other, gateway, _anna, protocol);
        var third = await ConnectToAsync(other, gateway, _ben, protocol);
        var context = hub.Service<IHubContext<OwnHub>>();
        await here.Connection.InvokeAsync("Join", _red);
        await context.Groups.AddToGroupAsync(there.Id, _red);

        await SayAsync(context.Clients.All, "all");
        await SayAsync(context.Clients.User(_anna), "a user");
        await SayAsync(context.Clients.Group(_red), "a group");
        await SayAsync(context.Clients.GroupExcept(_red, here.Id), "a group but one");
        await SayAsync(context.Clients.Client(there.Id), "one");
        await here.Connection.InvokeAsync("SayToAll", "a client to all");

        await HasHeardAsync(here, "all", "a user", "a group", "a client to all");
        await HasHeardAsync(there, "all", "a user", "a group", "a group but one", "one", "a client to all");
        await HasHeardAsync(third, "all", "a client to all");
        Assert.Equal(new Said("hehe", 42), await context.Clients.Client(there.Id).InvokeAsync<Said>("double", new Said("he", 21), CancellationToken.None));
        Assert.Equal(3, gateway.LinkedSessions);
    }

    [Fact]
    public async Task Its_streams_and_its_methods_are_its_own_and_what_is_long_arrives_whole()
    {
        var (hub, _, gateway) = await StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        var connection = (await ConnectToAsync(hub, gateway, _anna)).Connection;

        Assert.Equal(500 * 501 / 2, await connection.InvokeAsync<int>("Sum", Enumerable.Range(1, 500).ToAsyncEnumerable()));
        Assert.Equal(Enumerable.Range(1, 500), await connection.StreamAsync<int>("Count", 500).ToArrayAsync());
        Assert.Equal(new string('x', 300_000), await connection.InvokeAsync<string>("Repeat", "x", 300_000));
        Assert.Equal(("news", "done"), (await connection.InvokeAsync<string>("Subscribe", "news"), await connection.InvokeAsync<string>("Acknowledge")));
        await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync<string>("Subscribe"));
    }

    [Fact]
    public async Task Its_messages_may_be_as_large_as_its_own_options_say()
    {
        var (hub, _, gateway) = await StartAsync(
            await _servers.GetAsync(RedisKind.Garnet),
            builder => builder.Services.AddSignalR().AddHubOptions<OwnHub>(options => options.MaximumReceiveMessageSize = 100_000));
        var client = await ConnectToAsync(hub, gateway, _anna);

        Assert.Equal(new string('x', 60_000), await client.Connection.InvokeAsync<string>("Repeat", new string('x', 60_000), 1));
        await Assert.ThrowsAnyAsync<Exception>(() => client.Connection.InvokeAsync<string>("Repeat", new string('x', 120_000), 1));
        await Eventually.True(() => client.Losses.Count == 1, "the connection to end");
        Assert.Contains("The message is larger than 100000 bytes", client.Losses[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_gateway_refuses_what_it_refuses_at_any_hub()
    {
        var (_, _, gateway) = await StartAsync(await _servers.GetAsync(RedisKind.Garnet), settings: new() { ["Gateway:Limits:ConnectionsPerUser"] = "1" });
        await using var client = await OwnHubClient.ConnectAsync(gateway.Address, _anna);

        Assert.Equal(HttpStatusCode.Unauthorized, await NegotiateAsync(gateway, token: null));
        Assert.Equal(HttpStatusCode.Unauthorized, await NegotiateAsync(gateway, TestTokens.Create(_anna, audience: "another")));
        Assert.Equal(HttpStatusCode.Forbidden, await NegotiateAsync(gateway, TestTokens.Create(_anna), origin: "https://elsewhere.example"));
        // One user's connections are counted together, whichever hub they are to.
        Assert.Equal(HttpStatusCode.TooManyRequests, await NegotiateAsync(gateway, TestTokens.Create(_anna)));
        Assert.Equal(HttpStatusCode.TooManyRequests, await NegotiateAsync(gateway, TestTokens.Create(_anna), path: RunningGateway.HubPath));
        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync(gateway, TestTokens.Create(_ben)));
        Assert.Equal(HttpStatusCode.NotFound, await NegotiateAsync(gateway, TestTokens.Create(_ben), path: "/hubs/nobodys"));
    }

    [Fact]
    public async Task A_gateway_that_stops_ends_its_sessions()
    {
        var (hub, _, gateway) = await StartAsync(await _servers.GetAsync(RedisKind.Garnet), settings: new() { ["Gateway:DrainNotice"] = "00:00:00", ["Gateway:DrainWindow"] = "00:00:00.200" });
        await ConnectToAsync(hub, gateway, _anna);

        await gateway.DrainAsync();

        Assert.Equal(0, gateway.Sessions);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await NegotiateAsync(gateway, TestTokens.Create(_ben)));
    }

    [Fact]
    public async Task A_replica_that_stops_hands_its_clients_to_others_and_an_operator_ends_a_users_connections()
    {
        var (hub, other, gateway) = await StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        var client = await ConnectToAsync(hub, gateway, _anna);

        await hub.DrainAsync();
        await Eventually.True(() => client is { Returns: 1, Connection.State: HubConnectionState.Connected }, "the client to come back");
        Assert.Equal(other.Id, await client.InstanceAsync());

        using var operators = gateway.Browser(TestTokens.Create("olga", [TokenNames.OperatorRole]));
        using var answer = await operators.DeleteAsync($"/api/users/{_anna}/connections");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Eventually.True(() => client is { Returns: 2, Connection.State: HubConnectionState.Connected }, "the client to come back again");
    }

    [FactWithRedisServer]
    public async Task Replicas_that_start_before_Redis_reach_each_others_clients_when_it_is_there_and_log_no_stack_trace()
    {
        await using var processes = new RedisProcesses();
        var redis = processes.Add();
        await using var hub = await StartHubWithoutRedisAsync(redis.ConnectionString);
        await using var other = await StartHubWithoutRedisAsync(redis.ConnectionString);
        Assert.True(await hub.IsAliveAsync());

        await redis.StartAsync(CancellationToken.None);
        await Eventually.True(async () => await hub.IsReadyAsync() && await other.IsReadyAsync(), "both hubs to be ready", Recovery);
        await using var there = await OwnHubClient.ConnectAsync(other.Address, _anna);
        var context = hub.Service<IHubContext<OwnHub>>();
        // Neither of them is connected to the backplane the moment that Redis is there.
        await Eventually.True(
            async () =>
            {
                await SayAsync(context.Clients.User(_anna), "there");
                return there.Heard.Count > 0;
            },
            "a message to cross",
            Recovery);
        await context.Groups.AddToGroupAsync(there.Id, _red);
        await SayAsync(context.Clients.Group(_red), "a group");
        await Eventually.True(() => there.Heard[^1] == "a group", "the group's message");

        // An outage: what is sent then is lost, and what is sent later is not.
        await redis.KillAsync();
        await Eventually.True(async () => !await hub.IsReadyAsync() && !await other.IsReadyAsync(), "both hubs to notice");
        await redis.StartAsync(CancellationToken.None);
        await Eventually.True(
            async () =>
            {
                try
                {
                    await SayAsync(context.Clients.All, "back");
                }
                catch (Exception exception) when (exception.IsFromRedis())
                {
                    return false;
                }

                return there.Heard[^1] == "back";
            },
            "a message to cross again",
            Recovery);
        Assert.DoesNotContain(hub.Captured.Concat(other.Captured), log => log.Category.StartsWith("Microsoft.AspNetCore.SignalR", StringComparison.Ordinal) && log.Exception is not null);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var each in Enumerable.Reverse(_started))
        {
            await each.DisposeAsync();
        }

        await _servers.DisposeAsync();
    }

    private static Task SayAsync(IClientProxy to, string text) => to.SendAsync("said", new Said(text, 0));

    /// <summary>Exactly that, in any order: what goes over different channels has none.</summary>
    private static async Task HasHeardAsync(OwnHubClient client, params string[] texts)
    {
        await Eventually.True(() => client.Heard.Count >= texts.Length, $"the client to hear {string.Join(", ", texts)}");
        Assert.Equal(texts.Order(StringComparer.Ordinal), client.Heard.Order(StringComparer.Ordinal));
    }

    private static async Task<HttpStatusCode> NegotiateAsync(RunningGateway gateway, string? token, string path = OwnHub.Path, string? origin = null)
    {
        using var browser = gateway.Browser(token);
        using var request = new HttpRequestMessage(HttpMethod.Post, path + "/negotiate?negotiateVersion=1");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await browser.SendAsync(request);
        return answer.StatusCode;
    }

    private static Task<HubHost> StartHubWithoutRedisAsync(string redis) => HubHost.StartWithoutRedisAsync(redis, _ => { }, app => app.MapHub<OwnHub>(OwnHub.Path));

    private async Task<(HubHost Hub, HubHost Other, RunningGateway Gateway)> StartAsync(
        RedisServer redis, Action<WebApplicationBuilder>? configure = null, Dictionary<string, string?>? settings = null)
    {
        var hub = await StartHubAsync();
        var other = await StartHubAsync();
        var gateway = await RunningGateway.StartAsync(shared: redis, settings: settings);
        _started.Add(gateway);
        await Eventually.True(() => gateway.Hubs.Count(instance => instance.Id == hub.Id || instance.Id == other.Id) == 2, "the gateway to know both hubs");
        await gateway.SettleAsync();
        return (hub, other, gateway);

        async Task<HubHost> StartHubAsync()
        {
            var started = await HubHost.StartInstanceAsync(
                redis.ConnectionString,
                configure ?? (_ => { }),
                app => app.MapHub<OwnHub>(OwnHub.Path),
                ("Instance:RefreshInterval", "00:00:00.100"), ("Instance:DrainWindow", "00:00:00.300"));
            _started.Add(started);
            return started;
        }
    }

    /// <summary>Through the gateway, as often as it takes to be on this replica.</summary>
    private async Task<OwnHubClient> ConnectToAsync(HubHost hub, RunningGateway gateway, string user, string protocol = OwnHubClient.Json)
    {
        while (true)
        {
            var client = await OwnHubClient.ConnectAsync(gateway.Address, user, protocol);
            if (await client.InstanceAsync() == hub.Id)
            {
                _started.Add(client);
                return client;
            }

            await client.DisposeAsync();
        }
    }
}
