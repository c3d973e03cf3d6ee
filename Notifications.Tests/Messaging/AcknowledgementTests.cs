using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>Acknowledgements of many devices at once, as a hub writes them.</summary>
public sealed class AcknowledgementTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly StreamName _topic = StreamName.Topic(RedisServers.Unique("news"));

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_of_many_moves_its_own_cursor_and_what_is_not_valid_moves_none(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        // More than one call takes.
        var users = Enumerable.Range(0, 200).Select(_ => TestMessaging.NewStream()).ToArray();
        var ends = await PublishTwiceAsync(messaging, [.. users, _topic]);
        var valid = users.Select(user => Of(user, "phone", ends[user].Epoch, 1)).Append(Of(_topic, "phone", ends[_topic].Epoch, 1)).ToArray();
        Acknowledgement[] invalid =
        [
            Of(users[0], "of an older epoch", "older", 1), Of(users[1], "beyond the end", ends[users[1]].Epoch, 3),
            Of(_topic, "of an older epoch", "older", 1), Of(_topic, "beyond the end", ends[_topic].Epoch, 3),
            Of(TestMessaging.NewStream(), "of a stream without a life", ends[_topic].Epoch, 1),
        ];

        Assert.Empty(await messaging.Log.AcknowledgeAsync([.. valid, .. invalid]));
        // What is written already, and what lies before it.
        Assert.Empty(await messaging.Log.AcknowledgeAsync([.. valid.Select(each => each with { Position = each.Position with { Offset = 0 } }), .. valid]));

        foreach (var each in valid)
        {
            Assert.Equal("1", await CursorAsync(messaging, each));
        }

        foreach (var each in invalid)
        {
            Assert.Null(await CursorAsync(messaging, each));
        }

        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.Meta(invalid[^1].Stream)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_that_Redis_refuses_is_told_and_the_others_are_written(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var users = Enumerable.Range(0, 5).Select(_ => TestMessaging.NewStream()).ToArray();
        var ends = await PublishTwiceAsync(messaging, users);
        await messaging.Database.StringSetAsync(Names.Default.Cursors(users[2]), "another program's", TimeSpan.FromMinutes(5));
        var all = users.Select(user => Of(user, "phone", ends[user].Epoch, 2)).ToArray();

        var unwritten = Assert.Single(await messaging.Log.AcknowledgeAsync(all));

        Assert.Equal(all[2], unwritten.Acknowledgement);
        Assert.IsType<RedisServerException>(unwritten.Reason);
        foreach (var each in all.Where(each => each != all[2]))
        {
            Assert.Equal("2", await CursorAsync(messaging, each));
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_cursor_lives_at_least_as_long_as_its_stream(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var (known, unknown) = (TestMessaging.NewStream(), TestMessaging.NewStream());
        var ends = await PublishTwiceAsync(messaging, [known, unknown]);
        await messaging.Log.ReadAfterCursorAsync(known, new DeviceName(known.Id, "phone"), 10);

        Assert.Empty(await messaging.Log.AcknowledgeAsync([.. ends.Select(end => Of(end.Key, "phone", end.Value.Epoch, 1))]));
        // One that was never read by this device has got its first cursor just now.
        Assert.InRange(await LifeAsync(unknown), new NotificationOptions().StreamLifetime - TimeSpan.FromMinutes(1), TimeSpan.MaxValue);

        // The stream's lifetimes are set anew with the log's, and the cursors' with them.
        foreach (var stream in ends.Keys)
        {
            await messaging.Database.KeyExpireAsync(Names.Default.Cursors(stream), TimeSpan.FromMinutes(1));
            await messaging.Database.KeyDeleteAsync(Names.Default.Log(stream));
            await messaging.PublishAsync(stream, 1);
            var life = await messaging.Database.KeyTimeToLiveAsync(Names.Default.Meta(stream));
            Assert.InRange(await LifeAsync(stream), life!.Value - TimeSpan.FromSeconds(10), TimeSpan.MaxValue);
        }

        async Task<TimeSpan> LifeAsync(StreamName stream) => (await messaging.Database.KeyTimeToLiveAsync(Names.Default.Cursors(stream)))!.Value;
    }

    private static Acknowledgement Of(StreamName stream, string device, string epoch, long offset) =>
        new(stream, new DeviceName(stream.Id, device), new Position(epoch, offset));

    /// <returns>Where each stream ends.</returns>
    private static async Task<Dictionary<StreamName, PublishResult>> PublishTwiceAsync(TestMessaging messaging, StreamName[] streams)
    {
        await messaging.Publisher.PublishAsync([.. streams.Select(stream => (stream, TestMessaging.Numbered(1)))]);
        var results = await messaging.Publisher.PublishAsync([.. streams.Select(stream => (stream, TestMessaging.Numbered(2)))]);
        return streams.Zip(results).ToDictionary();
    }

    private static async Task<string?> CursorAsync(TestMessaging messaging, Acknowledgement of) => of.Stream.IsUser
        ? await messaging.Database.HashGetAsync(Names.Default.Cursors(of.Stream), of.Device.Device)
        : ((string?)await messaging.Database.StringGetAsync(Names.Default.TopicCursor(of.Stream, of.Device.User, of.Device.Device)))?.Split(' ')[0];
}
