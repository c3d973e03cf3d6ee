using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing.Clusters;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class RedisAwayTests : IAsyncLifetime
{
    // Long enough for StackExchange.Redis to reach a Redis that is back: its waits between attempts grow.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisProcesses _servers = new();
    private RedisProcess _redis = null!;
    private readonly string _user = RedisServers.Unique("user");
    private readonly StreamName _topic = StreamName.Topic(RedisServers.Unique("news"));

    private StreamName Own => StreamName.User(_user);

    [FactWithRedisServer]
    public async Task Connections_stay_and_go_on_and_new_ones_are_refused_for_now()
    {
        await using var hub = await HubHost.StartAsync(_redis.ConnectionString, ("Delivery:ProbeInterval", "00:00:00.200"));
        await using var redis = await ConnectAsync();
        await using var messaging = TestMessaging.On(redis);
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await messaging.PublishAsync(Own, 2);
        await Eventually.True(() => client.Received.Count == 2, "what was published before");

        await _redis.KillAsync();
        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to say that it is not ready");

        Assert.True(await hub.IsAliveAsync());
        var refused = await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Subscribe", _topic.Value));
        Assert.Contains("unavailable:", refused.Message, StringComparison.Ordinal);
        using (var http = hub.As(_user))
        using (var answer = await http.PostAsync("/hubs/notifications/negotiate?negotiateVersion=1", content: null))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter!.Delta));
        }

        await _redis.StartAsync(CancellationToken.None);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again", Recovery);
        await client.InvokeAsync("Subscribe", _topic.Value);
        await messaging.PublishAsync(Own, 1);
        await messaging.PublishAsync(_topic, 1);

        await Eventually.True(() => client.Received.Count == 4, "what was published afterwards");
        Assert.Equal(HubConnectionState.Connected, client.State);
        Assert.Equal([1, 2, 3], client.Received.Where(received => received.Stream == Own.Value).Select(received => received.Offset));
        Assert.All(client.Subscribed, subscribed => Assert.True(subscribed.Recovered));
    }

    [FactWithRedisServer]
    public async Task A_topic_asked_for_while_Redis_is_away_is_subscribed_when_it_is_back()
    {
        await using var hub = await HubHost.StartAsync(_redis.ConnectionString);
        await using var client = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri(hub.Address, "/hubs/notifications"),
            AccessToken = _ => Task.FromResult<string?>(TestTokens.Create(_user)),
            Device = "laptop",
        });
        var received = new TaskCompletionSource<string>();
        client.Handle((notification, _) =>
        {
            received.TrySetResult(notification.Stream);
            return Task.CompletedTask;
        });
        await client.StartAsync();
        await _redis.KillAsync();

        await client.SubscribeAsync(_topic.Value);

        await _redis.StartAsync(CancellationToken.None);
        await using var redis = await ConnectAsync();
        await using var messaging = TestMessaging.On(redis);
        await Eventually.True(
            async () =>
            {
                await messaging.PublishAsync(_topic, 1);
                return received.Task.IsCompleted;
            },
            "the topic to be delivered",
            Recovery);
        Assert.Equal(_topic.Value, await received.Task);
    }

    [FactWithRedisServer]
    public async Task The_APIs_answer_503_and_when_to_come_back()
    {
        await using var hub = await HubHost.StartAsync(_redis.ConnectionString);
        using var http = hub.As(_user, TokenNames.PublisherRole);
        await _redis.KillAsync();

        (string Says, Task<HttpResponseMessage> Answer)[] calls =
        [
            ("with the same ids", http.PostAsJsonAsync("/api/notifications", new { stream = Own.Value, type = "T", payload = 1 })),
            ("with the same ids", http.PostAsJsonAsync("/api/notifications", new[] { new { stream = Own.Value, type = "T", payload = 1 } })),
            ("Try again after 1 s (Retry-After).", http.GetAsync("/api/notifications")),
            ("Try again after 1 s (Retry-After).", http.PutAsJsonAsync("/api/devices/phone", new { platform = "fcm", token = "token" })),
            ("Try again after 1 s (Retry-After).", http.DeleteAsync("/api/devices/phone")),
        ];

        foreach (var (says, answer) in calls)
        {
            using var response = await answer;
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1), "application/problem+json"),
                (response.StatusCode, response.Headers.RetryAfter?.Delta, response.Content.Headers.ContentType?.MediaType));
            Assert.Contains(says, (await response.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail, StringComparison.Ordinal);
        }
    }

    [FactWithRedisServer]
    public async Task A_hub_that_starts_before_Redis_takes_clients_when_it_is_there()
    {
        await _redis.KillAsync();
        await using var hub = await HubHost.StartWithoutRedisAsync(_redis.ConnectionString);
        Assert.Equal((true, false), (await hub.IsAliveAsync(), await hub.IsReadyAsync()));

        await _redis.StartAsync(CancellationToken.None);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready", Recovery);
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await using var redis = await ConnectAsync();
        await using var messaging = TestMessaging.On(redis);
        await messaging.PublishAsync(Own, 1);

        await Eventually.True(() => client.Received.Count == 1, "the notification");
    }

    public async Task InitializeAsync()
    {
        if (RedisServerProcess.IsInstalled)
        {
            _redis = await _servers.StartAsync("--appendonly", "yes");
        }
    }

    public async Task DisposeAsync() => await _servers.DisposeAsync();

    private Task<IConnectionMultiplexer> ConnectAsync() => RedisProcesses.ConnectAsync(_redis);
}
