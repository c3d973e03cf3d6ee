using Microsoft.AspNetCore.SignalR;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>What a subscription to a stream that nobody has published to leaves in Redis, and for how long.</summary>
public sealed class UnusedTopicTests(RedisServers servers) : IClassFixture<RedisServers>
{
    /// <summary>The epoch of a stream without notifications lives as long after the last look at it.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    private readonly string _user = RedisServers.Unique("user");
    private readonly string _topic = RedisServers.Unique("topic:junk");

    private StreamName Own => StreamName.User(_user);

    private StreamName Topic => StreamName.Parse(_topic);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Who_subscribes_to_made_up_topics_leaves_nothing_that_lives_longer_than_minutes(RedisKind kind)
    {
        await using var at = await At(kind);
        await using (var client = await at.Hub.ConnectAsync(_user, "laptop"))
        {
            for (var number = 0; number < 20; number++)
            {
                await client.InvokeAsync("Subscribe", $"{_topic}-{number}");
                await client.InvokeAsync("Acknowledge", $"{_topic}-{number}", client.Subscribed[^1].Epoch, 0);
                await client.InvokeAsync("Unsubscribe", $"{_topic}-{number}");
                // A position that a client claims is a look as well.
                await client.InvokeAsync("Subscribe", $"{_topic}-{number}", new { epoch = "made-up", offset = 7 });
                await client.InvokeAsync("Unsubscribe", $"{_topic}-{number}");
            }
        }

        // Then every acknowledgement is written.
        await at.Hub.StopAsync();
        var lives = await LivesAsync(at);
        Assert.Equal(20, lives.Count);
        Assert.All(lives, life => Assert.InRange(life.Value, TimeSpan.FromSeconds(1), Life));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_epoch_stays_while_somebody_is_subscribed(RedisKind kind)
    {
        await using var at = await At(kind, ("Delivery:PositionCheckInterval", "00:00:00.500"));
        var quiet = StreamName.Topic(RedisServers.Unique("quiet"));
        await at.Messaging.PublishAsync(quiet, 1);
        await using var client = await at.Hub.ConnectAsync(_user);
        StreamName[] streams = [Own, Topic, quiet];
        foreach (var stream in streams[1..])
        {
            await client.InvokeAsync("Subscribe", stream.Value);
        }

        // As if the minutes, or of one that somebody published to the weeks, had nearly passed.
        foreach (var stream in streams)
        {
            Assert.True(await at.Messaging.Database.KeyExpireAsync(Names.Default.Meta(stream), TimeSpan.FromSeconds(4)));
        }

        foreach (var stream in streams)
        {
            await Eventually.True(async () => await LifeAsync(at, stream) > Life / 2, $"the epoch of {stream} to be renewed");
            await at.Messaging.PublishAsync(stream, 1);
        }

        await Eventually.True(() => client.Received.Count == 3, "the notifications");
        Assert.Equal(3, client.Subscribed.Count);
        Assert.Equal(
            client.Subscribed.Select(subscribed => (subscribed.Stream, subscribed.Epoch, subscribed.Offset + 1)),
            client.Received.Select(received => (received.Stream, received.Epoch, received.Offset)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Who_subscribes_just_before_the_epoch_ends_keeps_it(RedisKind kind)
    {
        await using var at = await At(kind);
        await using var client = await at.Hub.ConnectAsync(_user);
        await client.InvokeAsync("Subscribe", _topic);
        await client.InvokeAsync("Unsubscribe", _topic);
        Assert.True(await at.Messaging.Database.KeyExpireAsync(Names.Default.Meta(Topic), TimeSpan.FromSeconds(10)));

        await client.InvokeAsync("Subscribe", _topic);

        Assert.InRange((await LifeAsync(at, Topic))!.Value, Life / 2, Life);
        Assert.Equal(client.Subscribed[1].Epoch, client.Subscribed[2].Epoch);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_device_comes_back_to_its_place_in_its_users_stream_however_long_nobody_publishes(RedisKind kind)
    {
        await using var at = await At(kind);
        await (await at.Hub.ConnectAsync(_user)).DisposeAsync();
        Assert.InRange((await LifeAsync(at, Own))!.Value, TimeSpan.Zero, Life);

        await (await at.Hub.ConnectAsync(_user, "laptop")).DisposeAsync();

        var cursors = (await at.Messaging.Database.KeyTimeToLiveAsync(Names.Default.Cursors(Own)))!.Value;
        Assert.InRange((await LifeAsync(at, Own))!.Value, cursors - TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_user_can_not_make_many(RedisKind kind)
    {
        await using var at = await At(kind, ("Limits:UnusedTopics:PerSecond", "1"), ("Limits:UnusedTopics:Burst", "3"));
        await using var client = await at.Hub.ConnectAsync(_user, "laptop");
        await using var another = await at.Hub.ConnectAsync(_user, "phone");
        await using var other = await at.Hub.ConnectAsync(RedisServers.Unique("other"));
        await at.Messaging.PublishAsync(StreamName.Parse($"{_topic}-used"), 1);

        var made = 0;
        HubException? refused = null;
        while (refused is null)
        {
            refused = await Record.ExceptionAsync(() => (made % 2 == 0 ? client : another).InvokeAsync("Subscribe", $"{_topic}-{made}")) as HubException;
            made += refused is null ? 1 : 0;
        }

        Assert.EndsWith(
            $"unavailable: nobody has published to {_topic}-{made}, and this user subscribes to such topics more often than the 3 at once and 1 per second that Limits:UnusedTopics lets in. Ask again after a second.",
            refused.Message,
            StringComparison.Ordinal);
        Assert.InRange(made, 3, 50);
        Assert.Null(await LifeAsync(at, StreamName.Parse($"{_topic}-{made}")));
        // Neither what has notifications or a subscriber, nor others are affected.
        await another.InvokeAsync("Subscribe", $"{_topic}-used");
        await another.InvokeAsync("Subscribe", $"{_topic}-0");
        await other.InvokeAsync("Subscribe", $"{_topic}-other");
        await Eventually.True(async () => await Record.ExceptionAsync(() => client.InvokeAsync("Subscribe", $"{_topic}-later")) is null, "one more to be let in");
    }

    private static Task<TimeSpan?> LifeAsync(HubOnRedis at, StreamName stream) => at.Messaging.Database.KeyTimeToLiveAsync(Names.Default.Meta(stream));

    /// <summary>Of each key that has to do with the topics; <see cref="TimeSpan.MaxValue"/>: it does not end.</summary>
    private async Task<Dictionary<string, TimeSpan>> LivesAsync(HubOnRedis at)
    {
        var lives = new Dictionary<string, TimeSpan>();
        await foreach (var key in at.Messaging.Redis.GetServers()[0].KeysAsync(pattern: $"*{_topic}*"))
        {
            lives[key!] = await at.Messaging.Database.KeyTimeToLiveAsync(key) ?? TimeSpan.MaxValue;
        }

        return lives;
    }

    private Task<HubOnRedis> At(RedisKind kind, params (string Key, string Value)[] settings) => HubOnRedis.StartAsync(servers, kind, settings);
}
