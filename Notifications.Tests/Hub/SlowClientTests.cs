using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class SlowClientTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const int Count = 10_000;

    [Fact]
    public async Task A_client_that_reads_nothing_is_closed_and_another_gets_everything_in_order()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, ("Delivery:SendTimeout", "00:00:02"), ("Notifications:LogLength", "20000"));
        await using var messaging = TestMessaging.On(redis.Connection, options => options.LogLength = 2 * Count);
        var topic = StreamName.Topic(RedisServers.Unique("busy"));
        await using var reader = await hub.ConnectAsync(RedisServers.Unique("reader"));
        await reader.InvokeAsync("Subscribe", topic.Value);
        using var stalled = await StalledClient.ConnectAsync(hub.Address, TestTokens.Create(RedisServers.Unique("stalled")), topic);
        await Eventually.True(() => hub.Connections == 2, "both connections to be open");

        var payload = new string('x', 1_000);
        for (var published = 0; published < Count; published += 100)
        {
            await messaging.Publisher.PublishAsync(
                [.. Enumerable.Range(0, 100).Select(_ => (topic, Notification.Create("BUSY", payload)))]);
        }

        await Eventually.True(() => reader.Received.Count == Count, "the reader to have everything");
        Assert.Equal(Enumerable.Range(1, Count).Select(offset => (long)offset), reader.Received.Select(received => received.Offset));
        await Eventually.True(() => hub.Connections == 1, "the client that does not read to be closed");
    }
}
