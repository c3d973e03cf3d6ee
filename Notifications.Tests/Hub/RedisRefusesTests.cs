using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Logging;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>A Redis that answers, and refuses: what goes on, what does not, and what is told of it.</summary>
public sealed class RedisRefusesTests : IAsyncLifetime
{
    /// <summary>By Redis's own answer, or once it is known that there are only replicas.</summary>
    private const string NoWrites = @"(Redis takes no writes, as .*\.|No primary of Redis answers\.)";

    private const string Full = "Redis takes no more data, as its memory is full (maxmemory).";

    private readonly RedisProcesses _servers = new();
    private readonly string _user = RedisServers.Unique("user");
    private RedisProcess _redis = null!;

    private StreamName Own => StreamName.User(_user);

    public async Task InitializeAsync()
    {
        if (RedisServerProcess.IsInstalled)
        {
            _redis = await _servers.StartAsync("--save", "3600 1000000");
        }
    }

    public async Task DisposeAsync() => await _servers.DisposeAsync();

    [TheoryWithRedisServer]
    [InlineData("NOREPLICAS")]
    [InlineData("MISCONF")]
    [InlineData("READONLY")]
    public async Task Without_writes_a_handshake_is_refused_for_now_and_sessions_stay(string refusal)
    {
        await using var hub = await HubHost.StartInstanceAsync(_redis.ConnectionString);
        await using var client = await hub.ConnectAsync(_user, "laptop");

        await RefuseAsync(refusal);

        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to say that it is not ready");
        using (var http = hub.As(_user))
        using (var answer = await http.PostAsync("/hubs/notifications/negotiate?negotiateVersion=1", content: null))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
            var why = (await answer.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail;
            Assert.Matches(NoWrites, why);
        }

        Assert.Equal(HubConnectionState.Connected, client.State);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("Redis does not answer", StringComparison.Ordinal));

        await AllowAsync();
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again");
        await using var messaging = await PublisherAsync();
        await messaging.PublishAsync(Own, 1);
        await Eventually.True(() => client.Received.Count == 1, "the notification");
        await using var another = await hub.ConnectAsync(_user, "phone");
    }

    [TheoryWithRedisServer]
    [InlineData("NOREPLICAS")]
    [InlineData("MISCONF")]
    [InlineData("READONLY")]
    public async Task A_session_that_begins_before_the_hub_knows_is_closed_and_may_come_back(string refusal)
    {
        await using var hub = await HubHost.StartInstanceAsync(_redis.ConnectionString, ("Instance:RefreshInterval", "00:01:00"), ("Instance:Expiry", "00:05:00"));

        await RefuseAsync(refusal);
        var said = await hub.AllSaidAsync(_user);

        // SignalR says a word of its own at the end. A client that reads both at once goes by either.
        var closes = said.Where(message => message.StartsWith("{\"type\":7", StringComparison.Ordinal)).ToArray();
        Assert.Matches($"^{{\"type\":7,\"error\":\"unavailable: {NoWrites}", closes[0]);
        Assert.All(closes, close => Assert.EndsWith(",\"allowReconnect\":true}", close, StringComparison.Ordinal));
    }

    [FactWithRedisServer]
    public async Task A_session_that_can_not_be_delivered_to_is_closed_and_may_come_back()
    {
        await using var hub = await HubHost.StartAsync(_redis.ConnectionString);
        await using var messaging = await PublisherAsync();
        await messaging.PublishAsync(Own, 1);
        await _redis.SendAsync("LSET", Names.Default.Log(Own)!, "0", "what another program wrote");

        var said = await hub.AllSaidAsync(_user, device: "laptop");

        Assert.Equal("{\"type\":7,\"allowReconnect\":true}", said[^1]);
    }

    [FactWithRedisServer]
    public async Task With_its_memory_full_sessions_and_reads_go_on_and_publishes_are_refused_with_the_reason()
    {
        await using var hub = await HubHost.StartInstanceAsync(_redis.ConnectionString, ("Instance:Expiry", "00:00:02"), ("Delivery:AcknowledgeInterval", "00:00:00.100"));
        await using var messaging = await PublisherAsync();
        await messaging.PublishAsync(Own, 3);
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await Eventually.True(() => client.Received.Count == 3, "what was published before");

        await _redis.SendAsync("CONFIG", "SET", "maxmemory", "1");
        var epoch = client.Subscribed[0].Epoch;
        await client.InvokeAsync("Acknowledge", Own.Value, epoch, 2);

        // One that starts now is found as well, and what it does then: it drains.
        var registry = hub.Service<InstanceRegistry>();
        await using (var second = await HubHost.StartInstanceAsync(_redis.ConnectionString))
        {
            await RegisteredAsync(second, draining: false);
            using var operating = hub.As("op", TokenNames.OperatorRole);
            using var drained = await operating.PutAsync($"/api/operator/instances/{second.Id}/drain", null);
            drained.EnsureSuccessStatusCode();
            await RegisteredAsync(second, draining: true);
        }

        // Longer than the registry entry would live without a heartbeat.
        await RegisteredAsync(hub, draining: false);
        using (var steady = new PeriodicTimer(TimeSpan.FromMilliseconds(200)))
        {
            for (var looks = 0; looks < 20 && await steady.WaitForNextTickAsync(); looks++)
            {
                Assert.Contains(await registry.ListAsync(), instance => instance.Id == hub.Id && !instance.Draining);
            }
        }

        Assert.True(await hub.IsReadyAsync());
        using var http = hub.As(_user, TokenNames.PublisherRole);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/notifications")).StatusCode);
        await using (var phone = await hub.ConnectAsync(_user, "a-phone-never-seen"))
        await using (var nobody = await hub.ConnectAsync(RedisServers.Unique("nobody"), "a-user-never-seen"))
        {
            await phone.InvokeAsync("Subscribe", "topic:never-published");
            Assert.All(phone.Subscribed.Concat(nobody.Subscribed), subscribed => Assert.True(subscribed.Recovered));
        }

        using var refused = await http.PostAsJsonAsync("/api/notifications", new { stream = Own.Value, type = "T", payload = 1 });
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
        Assert.Equal($"{Full} Send it again after 1 s (Retry-After) with the same ids: a notification that is in the log already is not published twice.", (await refused.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail);
        await Assert.ThrowsAsync<RedisServerException>(() => messaging.PublishAsync(Own, 1));

        var told = hub.Captured.Where(log => log.Level >= LogLevel.Warning).ToArray();
        var line = Assert.Single(told, log => log.Message.Contains(Full, StringComparison.Ordinal));
        Assert.Null(line.Exception);
        Assert.DoesNotContain(told, log => log.Message.Contains("does not answer", StringComparison.Ordinal) || log.Exception is not null);

        await _redis.SendAsync("CONFIG", "SET", "maxmemory", "0");
        await Eventually.True(
            async () => await _redis.SendAsync("HGET", Names.Default.Cursors(Own)!, "laptop") is "2", "what was acknowledged meanwhile to be written");
        await messaging.PublishAsync(Own, 1);
        await Eventually.True(() => client.Received.Count == 4, "what is published afterwards");
        Assert.Equal(HubConnectionState.Connected, client.State);
        Assert.Single(client.Subscribed);

        Task RegisteredAsync(HubHost other, bool draining) => Eventually.True(
            async () => (await registry.ListAsync()).Any(instance => instance.Id == other.Id && instance.Draining == draining), $"a hub in the registry, {(draining ? "draining" : "serving")}");
    }

    private async Task RefuseAsync(string refusal)
    {
        switch (refusal)
        {
            case "NOREPLICAS":
                await _redis.SendAsync("CONFIG", "SET", "min-replicas-to-write", "1");
                break;
            case "MISCONF":
                // Nowhere to save to.
                _redis.Data.Delete(recursive: true);
                await _redis.SendAsync("BGSAVE");
                await Eventually.True(async () => (await _redis.SendAsync("INFO", "persistence")).Contains("rdb_last_bgsave_status:err", StringComparison.Ordinal), "the save to fail");
                break;
            default:
                await _redis.SendAsync("REPLICAOF", "127.0.0.1", "1");
                break;
        }
    }

    private async Task AllowAsync()
    {
        await _redis.SendAsync("REPLICAOF", "NO", "ONE");
        await _redis.SendAsync("CONFIG", "SET", "min-replicas-to-write", "0");
        await _redis.SendAsync("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
    }

    private async Task<TestMessaging> PublisherAsync() => TestMessaging.On(await RedisProcesses.ConnectAsync(_redis));
}
