using System.Net;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>What can no longer be delivered is announced to everyone concerned, whether anything more is published or not.</summary>
public sealed class LostLogTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private static readonly (string, string) QuickCheck = ("Delivery:PositionCheckInterval", "00:00:00.500");

    private readonly string _user = RedisServers.Unique("user");
    private readonly StreamName _topic = StreamName.Topic(RedisServers.Unique("news"));

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task After_FLUSHALL_every_client_is_told_and_gets_what_is_published_from_then_on(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var messaging = TestMessaging.On(redis.Connection);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, QuickCheck);
        await using var otherHub = await HubHost.StartAsync(redis.ConnectionString, QuickCheck);
        await using var laptop = await hub.ConnectAsync(_user, "laptop");
        await using var phone = await otherHub.ConnectAsync(_user, "phone");
        await using var plain = await otherHub.ConnectAsync(_user);
        await using var reader = await hub.ConnectAsync(RedisServers.Unique("reader"));
        await reader.InvokeAsync("Subscribe", _topic.Value);
        await messaging.PublishAsync(Own, 3);
        await messaging.PublishAsync(_topic, 3);
        HubClient[] owners = [laptop, phone, plain];
        await Eventually.True(() => owners.Append(reader).All(client => client.Received.Count == 3), "everyone to have three");

        await redis.Connection.GetDatabase().ExecuteAsync("FLUSHALL");

        await Eventually.True(() => owners.All(client => Lost(client, Own)) && Lost(reader, _topic), "everyone to be told");
        await messaging.PublishAsync(Own, 1);
        await messaging.PublishAsync(_topic, 1);
        await Eventually.True(() => owners.Append(reader).All(client => client.Received.Count == 4), "everyone to have the next one");
        Assert.All(owners.Append(reader), client =>
        {
            var next = client.Received[3];
            Assert.Equal((1, client.Subscribed.Last(subscribed => subscribed.Stream == next.Stream).Epoch), (next.Offset, next.Epoch));
        });
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_client_so_slow_that_the_log_was_trimmed_past_it_is_told(RedisKind kind)
    {
        const int kept = 10;
        const int count = 4_000;
        var redis = await servers.GetAsync(kind);
        await using var messaging = TestMessaging.On(redis.Connection, options => options.LogLength = kept);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, ("Delivery:QueueLength", "1"), ("Delivery:PageSize", "1"));
        await using var network = TcpProxy.Start(new IPEndPoint(IPAddress.Loopback, hub.Address.Port));
        await using var client = await HubClient.ConnectAsync(
            new Uri($"http://127.0.0.1:{network.Port}"), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(_user)), "laptop");

        // More than all buffers on the way take.
        var payload = new string('x', 4_000);
        using (network.Hold())
        {
            await Task.WhenAll(Enumerable.Range(1, count).Select(_ => messaging.Publisher.PublishAsync(Own, Notification.Create("LONG", payload))));
        }

        await Eventually.True(() => client.Received.LastOrDefault()?.Offset == count, "the last notification");
        var announced = client.Subscribed.Skip(1).ToArray();
        Assert.NotEmpty(announced);
        Assert.All(announced, subscribed => Assert.False(subscribed.Recovered));
        // Each hole is where one was announced, and nowhere else.
        var received = client.Received.Select(notification => notification.Offset).Prepend(0);
        var holes = received.Zip(received.Skip(1)).Where(pair => pair.Second != pair.First + 1).Select(pair => pair.Second - 1);
        Assert.Equal(holes, announced.Select(subscribed => subscribed.Offset));
    }

    private static bool Lost(HubClient client, StreamName stream) =>
        client.Subscribed.Any(subscribed => subscribed.Stream == stream.Value && !subscribed.Recovered);
}
