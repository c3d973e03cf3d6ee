using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Client;
using Notifications.Tests.Gateway;
using Notifications.Tests.Redis;
using Xunit;
using static Notifications.Tests.Client.RecordingClient;

namespace Notifications.Tests.Operators;

/// <summary>What an operator sees of the hub instances, and the switch that drains one.</summary>
public sealed class InstanceTests : IAsyncLifetime
{
    private readonly RedisServers _servers = new();
    private readonly string _user = RedisServers.Unique("user");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_instance_says_how_it_is(RedisKind kind)
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(kind));
        using var operators = system.Operator();
        await using var client = await system.First.ConnectAsync(_user, "laptop");
        await using var other = await system.Second.ConnectAsync(_user);
        await client.InvokeAsync("Subscribe", "topic:" + _user, null);

        await Eventually.True(
            async () =>
            {
                await system.Messaging.PublishAsync(StreamName.User(_user), 1);
                var status = await operators.StatusAsync(system.First.Id);
                return status?.GetProperty("deliveredPerSecond").GetDouble() > 0 && status.Value.GetProperty("lagP99Ms").ValueKind == JsonValueKind.Number;
            },
            "the first instance to say how fast it delivers");

        var first = (await operators.StatusAsync(system.First.Id))!.Value;
        Assert.Equal(("serving", 1, 2), (first.GetProperty("state").GetString(), first.GetProperty("connections").GetInt32(), first.GetProperty("streams").GetInt32()));
        Assert.InRange(first.GetProperty("lagP99Ms").GetDouble(), 1, first.GetProperty("lagMaxMs").GetDouble());
        Assert.InRange(first.GetProperty("lagMaxMs").GetDouble(), 1, 10_000);
        Assert.InRange(first.GetProperty("redisMs").GetDouble(), 0, 10_000);
        Assert.InRange(DateTimeOffset.UtcNow - first.GetProperty("startedAt").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
        await Eventually.True(
            async () => await operators.StatusAsync(system.Second.Id) is { } second && (second.GetProperty("connections").GetInt32(), second.GetProperty("streams").GetInt32()) == (1, 1),
            "the second instance to say what it has");
    }

    [Fact]
    public async Task What_scales_the_hubs_reads_how_many_connections_there_are_and_nothing_else()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var scaler = system.Gateway.Browser(TestTokens.Create("scaler", [TokenNames.MonitorRole]));
        using var nobody = system.Gateway.Browser(TestTokens.Create("anna"));
        await using var client = await system.First.ConnectAsync(_user);
        await using var other = await system.Second.ConnectAsync(_user);

        await Eventually.True(
            async () => await scaler.GetStringAsync("/api/operator/connections") == """{"connections":2,"instances":2}""", "both instances to have said what they have");

        Assert.Equal(HttpStatusCode.Forbidden, (await scaler.GetAsync("/api/operator/instances")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await scaler.GetAsync($"/api/operator/users/{_user}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await nobody.GetAsync("/api/operator/connections")).StatusCode);
    }

    [Fact]
    public async Task What_waited_for_its_client_counts_as_delivered_and_not_as_lag()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await system.Messaging.PublishAsync(StreamName.User(_user), 3);
        await using var client = await system.First.ConnectAsync(_user, "laptop");
        await Eventually.True(() => client.Received.Count == 3, "what was missed");

        await Eventually.True(
            async () => (await operators.StatusAsync(system.First.Id))?.GetProperty("deliveredPerSecond").GetDouble() > 0, "the deliveries to be counted");
        Assert.Equal(JsonValueKind.Null, (await operators.StatusAsync(system.First.Id))!.Value.GetProperty("lagP99Ms").ValueKind);
    }

    [Fact]
    public async Task A_drained_instance_hands_its_sessions_over_and_loses_nothing_and_serves_again_when_that_is_taken_back()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        string[] devices = ["a", "b", "c", "d", "e", "f"];
        var clients = new List<RecordingClient>();
        try
        {
            foreach (var device in devices)
            {
                clients.Add(await system.ConnectAsync(_user, device));
            }

            await Eventually.True(() => system.First.Connections > 0 && system.Second.Connections > 0, "both hubs to have sessions");
            var own = StreamName.User(_user);
            var drain = $"/api/operator/instances/{system.First.Id}/drain";
            await system.Messaging.PublishAsync(own, 10);

            var answer = await (await operators.PutAsync(drain, null)).JsonAsync();
            Assert.Equal((system.First.Id, true), (answer.GetProperty("instance").GetString(), answer.GetProperty("drained").GetBoolean()));
            await system.Messaging.PublishAsync(own, 50);
            await Eventually.True(() => system.First.Connections == 0 && system.Second.Connections == devices.Length, "the sessions to move");
            await system.Messaging.PublishAsync(own, 10);

            Assert.Equal("drained", await operators.StateAsync(system.First.Id));
            Assert.True(await system.First.IsAliveAsync());
            await using (var later = await system.ConnectAsync(_user, "later"))
            {
                Assert.Equal((0, devices.Length + 1), (system.First.Connections, system.Second.Connections));
            }

            foreach (var client in clients)
            {
                await client.SeesAsync(Offsets(own, 1, 70));
            }

            Assert.False((await (await operators.DeleteAsync(drain)).JsonAsync()).GetProperty("drained").GetBoolean());
            Assert.Equal("serving", await operators.StateAsync(system.First.Id));
            // The other one goes now, so they come to the first.
            await (await operators.PutAsync($"/api/operator/instances/{system.Second.Id}/drain", null)).JsonAsync();
            await Eventually.True(() => system.First.Connections == devices.Length, "the sessions to come back", TimeSpan.FromSeconds(30));
            await system.Messaging.PublishAsync(own, 1);
            foreach (var client in clients)
            {
                await client.SeesAsync(Offsets(own, 1, 71));
            }
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_plain_client_that_knows_no_reconnect_is_moved_too()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await using var plain = await system.ConnectPlainAsync(_user);
        var here = await plain.InstanceAsync();

        await (await operators.PutAsync($"/api/operator/instances/{here}/drain", null)).JsonAsync();

        await Eventually.True(() => plain.Subscribed.Count == 2, "the client to have come back");
        Assert.NotEqual(here, await plain.InstanceAsync());
    }

    [Fact]
    public async Task Who_has_not_left_when_a_drain_is_taken_back_stays()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet), ("Instance:DrainWindow", "00:00:00"));
        using var operators = system.Operator();
        await using var staying = await system.First.ConnectAsync(_user);
        await using var leaving = await system.Second.ConnectAsync(_user);
        var drain = $"/api/operator/instances/{system.First.Id}/drain";

        await (await operators.PutAsync(drain, null)).JsonAsync();
        await (await operators.DeleteAsync(drain)).JsonAsync();

        // The fence: who is closed by a drain that begins later is closed later.
        await (await operators.PutAsync($"/api/operator/instances/{system.Second.Id}/drain", null)).JsonAsync();
        await Eventually.True(() => leaving.State != HubConnectionState.Connected, "the other instance's connection to be closed");
        Assert.Equal(HubConnectionState.Connected, staying.State);
        Assert.Single(staying.Subscribed);
        await using var another = await system.First.ConnectAsync(_user);
    }

    [Fact]
    public async Task Where_the_gateway_has_one_address_for_all_hubs_the_order_reaches_the_one_that_is_meant()
    {
        var redis = await _servers.GetAsync(RedisKind.Garnet);
        await using var first = await OperatedSystem.StartHubAsync(redis.ConnectionString);
        await using var second = await OperatedSystem.StartHubAsync(redis.ConnectionString);
        await using var gateway = await RunningGateway.StartAsync(
            settings: new() { ["Gateway:Hubs"] = "Endpoint", ["services:hub:http:0"] = first.Address.ToString() }, shared: redis);
        using var operators = gateway.Browser(TestTokens.Create("olga", [TokenNames.OperatorRole]));

        await (await operators.PutAsync($"/api/operator/instances/{second.Id}/drain", null)).JsonAsync();

        Assert.Equal("drained", await operators.StateAsync(second.Id));
        Assert.Equal("serving", await operators.StateAsync(first.Id));
    }

    [Fact]
    public async Task The_last_instance_that_takes_sessions_is_drained_only_if_somebody_insists()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await (await operators.PutAsync($"/api/operator/instances/{system.First.Id}/drain", null)).JsonAsync();
        var last = $"/api/operator/instances/{system.Second.Id}/drain";

        var refused = await RunningGateway.ProblemOf(await operators.PutAsync(last, null));

        Assert.Equal(
            (HttpStatusCode.Conflict,
                $"No other instance takes sessions, so with \"{system.Second.Id}\" drained nobody could connect. Start another first, or do it all the same with ?force=true."),
            refused);
        Assert.Equal("serving", await operators.StateAsync(system.Second.Id));
        await (await operators.PutAsync(last + "?force=true", null)).JsonAsync();
        Assert.Equal("drained", await operators.StateAsync(system.Second.Id));
    }

    [Fact]
    public async Task Of_an_instance_that_is_not_there_or_does_not_answer_an_operator_is_told()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        Assert.Equal(
            (HttpStatusCode.NotFound, "No instance \"nobody\" is running. GET /api/operator/instances lists those that are."),
            await RunningGateway.ProblemOf(await operators.PutAsync("/api/operator/instances/nobody/drain", null)));
        // As one that was killed a moment ago.
        await system.Messaging.Registry.RegisterAsync(new HubInstance("silent", "http://127.0.0.1:1", Draining: false), TimeSpan.FromMinutes(1));

        // Straight to a hub: by now the gateway may lead to the silent one.
        using var direct = system.First.As("olga", TokenNames.OperatorRole);
        var answer = await direct.PutAsync("/api/operator/instances/silent/drain", null);

        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "\"silent\" did not answer within 2 s: it has just gone, or does not hear. Look at the list of instances, and ask again."),
            await RunningGateway.ProblemOf(answer));
    }
}
