using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Registry;
using Notifications.Tests.Gateway;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Operators;

/// <summary>What an operator finds of a user, and what they may do about them.</summary>
public sealed class UserLookupTests : IAsyncLifetime
{
    private const string Markup = "<img src=x onerror=alert(1)>";

    private readonly RedisServers _servers = new();
    private readonly string _user = RedisServers.Unique("user") + "/a+b@example.org";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_user_is_found_on_both_hubs_with_devices_positions_phone_and_last_notifications(RedisKind kind)
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(kind));
        using var operators = system.Operator();
        await using var laptop = await system.First.ConnectAsync(_user, "laptop");
        await using var plain = await system.Second.ConnectAsync(_user);
        await using var others = await system.Second.ConnectAsync(RedisServers.Unique("other"));
        await laptop.InvokeAsync("Subscribe", "topic:news", null);
        await system.Messaging.Phones.RegisterAsync(_user, "phone", PushPlatform.Apns, "0a1b");
        await system.Messaging.Publisher.PublishAsync(Own, Notification.Create("A", new { text = Markup }) with { Id = "first" });
        await system.Messaging.Publisher.PublishAsync(Own, Notification.Create("B", 1) with { Id = "second", Push = new Push { Title = "Now" } });
        await Eventually.True(() => laptop.Received.Count == 2 && plain.Received.Count == 2, "both notifications");
        await laptop.InvokeAsync("Acknowledge", Own.Value, laptop.Received[0].Epoch, 1);
        await Eventually.True(async () => (await operators.FindAsync(_user)).GetProperty("devices")[0].GetProperty("cursor").ValueKind == JsonValueKind.Number
            && (await operators.FindAsync(_user)).GetProperty("devices")[0].GetProperty("cursor").GetInt64() == 1, "the cursor to be written");

        var found = await operators.FindAsync(_user);

        Assert.Equal(_user, found.GetProperty("user").GetString());
        Assert.Equal((laptop.Received[0].Epoch, 2L), (found.GetProperty("position").GetProperty("epoch").GetString(), found.GetProperty("position").GetProperty("offset").GetInt64()));
        Assert.Equal(2, found.GetProperty("logLength").GetInt64());
        Assert.InRange(found.GetProperty("logExpiresInSeconds").GetInt64(), TimeSpan.FromDays(6).TotalSeconds, TimeSpan.FromDays(8).TotalSeconds);
        Assert.Empty(found.GetProperty("notAnswered").EnumerateArray());

        var connections = found.GetProperty("instances").EnumerateArray()
            .ToDictionary(each => each.GetProperty("instance").GetString()!, each => each.GetProperty("connections").EnumerateArray().Single());
        var here = connections[system.First.Id];
        Assert.Equal(("laptop", "WebSockets", "json"), (here.GetProperty("device").GetString(), here.GetProperty("transport").GetString(), here.GetProperty("protocol").GetString()));
        Assert.Equal(2, here.GetProperty("streamCount").GetInt32());
        var own = here.GetProperty("streams").EnumerateArray().Single(stream => stream.GetProperty("stream").GetString() == Own.Value);
        Assert.Equal((2L, false), (own.GetProperty("offset").GetInt64(), own.GetProperty("behind").GetBoolean()));
        Assert.InRange(here.GetProperty("tokenExpires").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(61));
        Assert.Equal(JsonValueKind.Null, connections[system.Second.Id].GetProperty("device").ValueKind);

        var devices = found.GetProperty("devices").EnumerateArray().ToArray();
        Assert.Equal(["laptop", "phone"], devices.Select(device => device.GetProperty("device").GetString()));
        Assert.Equal((1L, 1L), (devices[0].GetProperty("cursor").GetInt64(), devices[0].GetProperty("unacknowledged").GetInt64()));
        Assert.Equal("apns", devices[1].GetProperty("phone").GetProperty("platform").GetString());
        Assert.DoesNotContain("0a1b", found.GetRawText(), StringComparison.Ordinal);

        var notifications = found.GetProperty("notifications").EnumerateArray().ToArray();
        Assert.Equal(
            [(2, "second", "B", true), (1, "first", "A", false)],
            notifications.Select(each => (each.GetProperty("offset").GetInt32(), each.GetProperty("id").GetString()!, each.GetProperty("type").GetString()!, each.GetProperty("push").GetBoolean())));
        Assert.All(notifications, each => Assert.False(each.TryGetProperty("payload", out _)));
        Assert.DoesNotContain("onerror", found.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Payloads_are_there_when_they_are_asked_for_and_that_is_logged()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await system.Messaging.PublishAsync(Own, 3);

        using var answer = await operators.GetAsync($"/api/operator/users/{Uri.EscapeDataString(_user)}?payload=true&limit=2");

        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal(
            [3, 2],
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("notifications").EnumerateArray()
                .Select(each => each.GetProperty("payload").GetProperty("number").GetInt32()));
        Assert.Contains($"Operator olga reads the last notifications of user {_user} with their payloads.", system.First.Logs.Concat(system.Second.Logs));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Somebody_who_was_never_there_is_found_empty_and_is_not_there_afterwards(RedisKind kind)
    {
        var redis = await _servers.GetAsync(kind);
        await using var system = await OperatedSystem.StartAsync(redis);
        using var operators = system.Operator();

        var found = await operators.FindAsync(_user);

        Assert.Equal(JsonValueKind.Null, found.GetProperty("position").ValueKind);
        Assert.All((string[])["devices", "notifications", "notAnswered"], member => Assert.Empty(found.GetProperty(member).EnumerateArray()));
        Assert.Equal(2, found.GetProperty("instances").GetArrayLength());
        Assert.Equal(0, await redis.Connection.GetDatabase().KeyExistsAsync(
            [Names.Default.Meta(Own), Names.Default.Log(Own), Names.Default.Cursors(Own), Names.Default.Seen(Own), Names.Default.Phones(Own)]));
    }

    [Fact]
    public async Task Which_instance_did_not_answer_is_said_and_the_others_are_not_waited_for_any_longer()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await using var client = await system.Second.ConnectAsync(_user, "laptop");
        await system.Messaging.Registry.RegisterAsync(new HubInstance("silent", "http://127.0.0.1:1", Draining: true), TimeSpan.FromMinutes(1));

        await Eventually.True(() => system.Gateway.Hubs.Count == 3, "the gateway to know of it");

        var found = await operators.FindAsync(_user).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(["silent"], found.GetProperty("notAnswered").EnumerateArray().Select(instance => instance.GetString()));
        Assert.Equal(1, found.GetProperty("instances").EnumerateArray().Sum(instance => instance.GetProperty("connectionCount").GetInt32()));
    }

    [Fact]
    public async Task A_test_notification_arrives_as_any_other()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var operators = system.Operator();
        await using var client = await system.First.ConnectAsync(_user);
        var path = $"/api/operator/users/{Uri.EscapeDataString(_user)}/notifications";

        var result = await (await operators.PostAsync(path, null)).JsonAsync();
        await operators.PostAsJsonAsync(path, new { type = "CHECK", payload = new[] { 1 } });

        await Eventually.True(() => client.Received.Count == 2, "both");
        Assert.Equal((1, "TEST", result.GetProperty("id").GetString()), (client.Received[0].Offset, client.Received[0].Type, client.Received[0].Id));
        Assert.Equal(("CHECK", "[1]"), (client.Received[1].Type, client.Received[1].Payload.GetRawText()));
        Assert.Equal(
            (HttpStatusCode.BadRequest, "type is Number. It has to be a string; without it \"TEST\" is sent."),
            await RunningGateway.ProblemOf(await operators.PostAsJsonAsync(path, new { type = 1 })));
        Assert.Equal(
            (HttpStatusCode.BadRequest, """The body is Array. Send {"type": "TEST", "payload": {"text": "…"}}, or nothing."""),
            await RunningGateway.ProblemOf(await operators.PostAsJsonAsync(path, Array.Empty<int>())));
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            (await RunningGateway.ProblemOf(await operators.PostAsJsonAsync(path, new { payload = new string('x', 20_000) }))).Status);
        Assert.Equal(2, client.Received.Count);
    }

    [Theory]
    [InlineData("GET", "/api/operator/instances")]
    [InlineData("PUT", "/api/operator/instances/a/drain")]
    [InlineData("DELETE", "/api/operator/instances/a/drain")]
    [InlineData("GET", "/api/operator/users/ann?payload=true")]
    [InlineData("POST", "/api/operator/users/ann/notifications")]
    public async Task Only_operators_may(string method, string path)
    {
        await using var gateway = await RunningGateway.StartAsync();
        await using var hub = await OperatedSystem.StartHubAsync(gateway.Redis.ConnectionString);
        await Eventually.True(() => gateway.Hubs.Count == 1, "the gateway to know the hub");
        using var nobody = gateway.Browser();
        Assert.Equal(HttpStatusCode.Unauthorized, (await RunningGateway.ProblemOf(await nobody.SendAsync(new(new(method), path)))).Status);
        foreach (var roles in (string[][])[[], [TokenNames.StaffRole], [TokenNames.PublisherRole], ["Operator"]])
        {
            using var caller = gateway.Browser(TestTokens.Create("ann", roles));
            Assert.Equal(
                (HttpStatusCode.Forbidden, $"The token's roles (claim \"roles\") do not allow {method} {path.Split('?')[0]}. It takes: operator."),
                await RunningGateway.ProblemOf(await caller.SendAsync(new(new(method), path))));
        }
    }

    [Fact]
    public async Task The_gateways_limits_hold_for_operators_too()
    {
        await using var gateway = await RunningGateway.StartAsync(
            settings: new() { ["Gateway:Limits:RequestsPerUser:PerSecond"] = "1", ["Gateway:Limits:RequestsPerUser:Burst"] = "1" });
        await using var hub = await OperatedSystem.StartHubAsync(gateway.Redis.ConnectionString);
        await Eventually.True(() => gateway.Hubs.Count == 1, "the gateway to know the hub");
        using var olga = gateway.Browser(TestTokens.Create("olga", [TokenNames.OperatorRole]));
        using var oscar = gateway.Browser(TestTokens.Create("oscar", [TokenNames.OperatorRole]));

        Assert.Equal(HttpStatusCode.OK, (await olga.GetAsync("/api/operator/instances")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await olga.GetAsync("/api/operator/instances")).StatusCode);
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            (await oscar.PostAsJsonAsync("/api/operator/users/ann/notifications", new { payload = new string('x', 100_000) })).StatusCode);
    }

    [Theory]
    [InlineData("?payload=yes", "payload is \"yes\". It has to be true or false; without it payloads are left out.")]
    [InlineData("?limit=101", "limit is \"101\". It has to be a whole number from 1 to 100; without it 20 are listed.")]
    public async Task A_question_that_is_none_is_refused(string query, string detail)
    {
        await using var hub = await OperatedSystem.StartHubAsync((await _servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var operators = hub.As("olga", TokenNames.OperatorRole);
        Assert.Equal((HttpStatusCode.BadRequest, detail), await RunningGateway.ProblemOf(await operators.GetAsync("/api/operator/users/ann" + query)));
        Assert.Equal(HttpStatusCode.BadRequest, (await RunningGateway.ProblemOf(await operators.GetAsync("/api/operator/users/a%7Bb"))).Status);
    }

    [FactWithRedisServer]
    public async Task While_Redis_is_away_an_operator_is_told_so_and_afterwards_hubs_hear_each_other_again()
    {
        await using var servers = new RedisProcesses();
        var redis = await servers.StartAsync();
        await using var first = await OperatedSystem.StartHubAsync(redis.ConnectionString);
        await using var second = await OperatedSystem.StartHubAsync(redis.ConnectionString);
        using var operators = first.As("olga", TokenNames.OperatorRole);
        await redis.KillAsync();
        using (var answer = await operators.GetAsync("/api/operator/users/ann"))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter!.Delta));
        }

        await redis.StartAsync(CancellationToken.None);

        await Eventually.True(
            async () =>
            {
                using var answer = await operators.GetAsync("/api/operator/users/ann");
                return answer.IsSuccessStatusCode && (await answer.JsonAsync()) is var found
                    && found.GetProperty("instances").GetArrayLength() == 2 && found.GetProperty("notAnswered").GetArrayLength() == 0;
            },
            "both hubs to answer",
            TimeSpan.FromSeconds(60));
    }
}
