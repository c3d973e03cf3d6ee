using System.Net;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class LiveFeedTests(RedisServers servers) : IClassFixture<RedisServers>
{
    /// <summary>StackExchange.Redis opens two connections for commands, and the live feed comes after them.</summary>
    private const int CommandConnections = 2;

    private readonly string _user = RedisServers.Unique("user");

    [Fact]
    public async Task A_live_feed_that_falls_silent_while_commands_work_is_replaced_and_nothing_is_lost()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var proxy = TcpProxy.Start(new IPEndPoint(IPAddress.Loopback, redis.Port));
        await using var hub = await HubHost.StartAsync(
            $"127.0.0.1:{proxy.Port}", ("Delivery:ProbeInterval", "00:00:00.100"), ("Delivery:ProbeTimeout", "00:00:01"));
        await using var messaging = TestMessaging.On(redis.Connection);
        var own = StreamName.User(_user);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user);
        await messaging.PublishAsync(own, 1);
        await Eventually.True(() => client.Received.Count == 1, "the first notification");

        proxy.Swallow(spared: CommandConnections);
        await messaging.PublishAsync(own, 1);
        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to notice that it hears nothing");
        proxy.Resume();

        await Eventually.True(() => client.Received.Count == 2, "what was published meanwhile");
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again");
        await messaging.PublishAsync(own, 1);
        await Eventually.True(() => client.Received.Count == 3, "live delivery over the new feed");
        Assert.Equal([1L, 2L, 3L], client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);
    }
}
