using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>A primary with a replica that was in step and takes over: nobody loses anything or has to be told anything.</summary>
public sealed class FailoverTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly RedisProcesses _redis = new();
    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [FactWithRedisServer]
    public async Task An_operator_promotes_the_replica()
    {
        var primary = await _redis.StartAsync();
        var replica = await _redis.StartReplicaAsync(primary.EndPoint.Port);
        await SurvivesAsync($"{primary.ConnectionString},{replica.ConnectionString}", async () =>
        {
            await primary.KillAsync();
            await replica.SendAsync("REPLICAOF", "NO", "ONE");
        });
    }

    [FactWithRedisServer]
    public async Task A_sentinel_promotes_the_replica()
    {
        var primary = await _redis.StartAsync();
        await _redis.StartReplicaAsync(primary.EndPoint.Port);
        var sentinel = await _redis.StartSentinelAsync(primary);
        await SurvivesAsync(sentinel.ConnectionString, primary.KillAsync);
    }

    [FactWithRedisServer]
    public async Task The_live_feed_has_the_password_that_the_connection_string_has()
    {
        var server = await _redis.StartAsync();
        await server.SendAsync("CONFIG", "SET", "requirepass", "a-secret=with=equals");
        var options = new ConfigurationOptions { EndPoints = { server.EndPoint }, Password = "a-secret=with=equals" };
        await using var hub = await HubHost.StartAsync(options.ToString());
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
    }

    private async Task SurvivesAsync(string redis, Func<Task> failOver)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis},abortConnect=false,configCheckSeconds=2");
        await using var messaging = TestMessaging.On(connection);
        await using var hub = await HubHost.StartAsync(redis);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await messaging.PublishAsync(Own, 2);
        await Eventually.True(() => client.Received.Count == 2, "what was published before");

        await failOver();

        await messaging.PublishUntilTakenAsync(Own, 3);
        await Eventually.True(() => client.Received.Count == 3, "what was published after the fail-over", Limit);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again", Limit);
        await messaging.PublishUntilTakenAsync(Own, 4);
        await Eventually.True(() => client.Received.Count == 4, "live delivery from the new primary", TimeSpan.FromSeconds(2));
        Assert.Equal([1L, 2L, 3L, 4L], client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);
    }
}
