using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class ReadTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly StreamName _stream = TestMessaging.NewStream();

    private static DeviceName Device(string name) => new("user", name);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_stream_never_seen_gets_the_epoch_that_its_first_notification_has(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var end = await messaging.Log.ReadEndAsync(_stream);
        Assert.Equal((0L, true), (end.Last, end.IsLast));
        Assert.Equal(end.Epoch, (await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(1))).Epoch);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_ends_of_many_are_those_of_each(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        StreamName[] streams = [.. Enumerable.Range(0, 300).Select(_ => TestMessaging.NewStream()), StreamName.Topic(RedisServers.Unique("topic"))];
        await messaging.PublishAsync(streams[7], 2);
        await messaging.PublishAsync(streams[300], 1);

        var ends = await messaging.Log.ReadEndsAsync(streams);

        Assert.Equal(streams.Length, ends.Count);
        Assert.All(ends, end => Assert.Null(end.Failure));
        foreach (var each in new[] { 0, 7, 299, 300 })
        {
            Assert.Equal((await messaging.Log.ReadEndAsync(streams[each])).End, Assert.Single(ends, end => end.Stream == streams[each]).End);
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_that_Redis_refuses_keeps_no_other_end_from_being_read(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var other = TestMessaging.NewStream();
        await messaging.PublishAsync(other, 2);
        await messaging.Database.StringSetAsync(Names.Default.Meta(_stream), "not a hash");

        var ends = await messaging.Log.ReadEndsAsync([_stream, other]);

        Assert.IsType<RedisServerException>(Assert.Single(ends, end => end.Stream == _stream).Failure);
        Assert.Equal(2, Assert.Single(ends, end => end.Stream == other).End.Offset);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Pages_follow_each_other_without_holes(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 5);

        var first = await messaging.Log.ReadAfterAsync(_stream, 1, 2);
        var second = await messaging.Log.ReadAfterAsync(_stream, 3, 3);
        Assert.Equal((1L, 2, true, false), (first.After, first.Entries.Count, first.IsContiguous, first.IsLast));
        Assert.Equal((3L, 2, true, true), (second.After, second.Entries.Count, second.IsContiguous, second.IsLast));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_offset_beyond_the_end_is_not_contiguous(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 2);
        var page = await messaging.Log.ReadAfterAsync(_stream, 7, 10);
        Assert.Equal((7L, 2L, 0, false), (page.Asked, page.After, page.Entries.Count, page.IsContiguous));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_first_device_starts_at_the_logs_beginning_and_keeps_its_place(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 2);
        Assert.Equal(0, (await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10)).Asked);
        await messaging.PublishAsync(_stream, 1);
        Assert.Equal(3, (await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10)).Entries.Count);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_new_device_starts_after_the_highest_cursor_of_the_others(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 12);
        var epoch = (await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10)).Epoch;
        await messaging.Log.ReadAfterCursorAsync(_stream, Device("tablet"), 10);
        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(epoch, 9)));
        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, Device("tablet"), new Position(epoch, 10)));

        var page = await messaging.Log.ReadAfterCursorAsync(_stream, Device("laptop"), 10);
        Assert.Equal((10L, 2), (page.Asked, page.Entries.Count));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_cursor_only_moves_forward_within_the_log_and_its_epoch(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 3);
        var epoch = (await messaging.Log.ReadEndAsync(_stream)).Epoch;

        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(epoch, 2)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(epoch, 2)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(epoch, 1)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(epoch, 4)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position("another-epoch", 3)));
        Assert.False(await messaging.Log.AcknowledgeAsync(TestMessaging.NewStream(), Device("phone"), new Position(epoch, 1)));
        Assert.Equal(2, (await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10)).Asked);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_store_that_went_back_in_time_begins_a_new_epoch_with_what_it_has(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 3);
        var before = await messaging.Log.ReadAfterAsync(_stream, 3, 10);

        await messaging.Database.HashSetAsync(Names.Default.Meta(_stream), "offset", 2);
        await messaging.Database.ListTrimAsync(Names.Default.Log(_stream), 0, 1);

        var claimed = await messaging.Log.ReadAfterAsync(_stream, 3, 10);
        Assert.Equal((before.Epoch, 2L, false), (claimed.Epoch, claimed.After, claimed.IsContiguous));
        var witnessed = await messaging.Log.ReadAfterAsync(_stream, 3, 10, givenOutIn: before.Epoch);
        Assert.NotEqual(before.Epoch, witnessed.Epoch);
        Assert.Equal((0L, 2), (witnessed.After, witnessed.Entries.Count));
        Assert.Equal(witnessed.Epoch, (await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(3))).Epoch);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_store_that_went_back_and_came_as_far_again_is_known_by_what_stands_there(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 4);
        var (epoch, tokens) = await Tokens();
        await GoBackTo(2);
        await messaging.PublishAsync(_stream, 3);

        var common = await messaging.Log.ReadAfterAsync(_stream, 2, 10, epoch, tokens[1]);
        Assert.Equal((epoch, 2, 3), (common.Epoch, common.After, common.Entries.Count));
        var middle = await messaging.Log.ReadAfterAsync(_stream, 3, 10, epoch, tokens[2]);
        Assert.NotEqual(epoch, middle.Epoch);
        Assert.Equal((0, 5), (middle.After, middle.Entries.Count));

        (epoch, tokens) = await Tokens();
        await GoBackTo(4);
        await messaging.PublishAsync(_stream, 1);
        var last = await messaging.Log.ReadAfterAsync(_stream, 5, 10, epoch, tokens[4]);
        Assert.NotEqual(epoch, last.Epoch);
        Assert.Equal((0, 5), (last.After, last.Entries.Count));

        async Task<(string Epoch, string[] Tokens)> Tokens()
        {
            var page = await messaging.Log.ReadAfterAsync(_stream, 0, 10);
            return (page.Epoch, [.. page.Entries.Select(entry => LogEntry.Parse(entry).Token)]);
        }

        async Task GoBackTo(int offset)
        {
            await messaging.Database.HashSetAsync(Names.Default.Meta(_stream), [new("offset", offset), new("token", tokens[offset - 1])]);
            await messaging.Database.ListTrimAsync(Names.Default.Log(_stream), 0, offset - 1);
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task In_a_new_epoch_the_devices_of_the_old_one_learn_that_they_lost_their_place_until_they_acknowledge(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 2);
        var old = await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10);
        await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(old.Epoch, 2));
        await messaging.Database.KeyDeleteAsync(Names.Default.Meta(_stream));
        await messaging.PublishAsync(_stream, 1);

        var told = await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10);
        Assert.Equal((false, 0, 1), (told.IsContiguous, told.After, told.Entries.Count));
        Assert.True((await messaging.Log.ReadAfterCursorAsync(_stream, Device("laptop"), 10)).IsContiguous);

        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, Device("phone"), new Position(told.Epoch, 1)));
        var after = await messaging.Log.ReadAfterCursorAsync(_stream, Device("phone"), 10);
        Assert.Equal((true, 1, 0), (after.IsContiguous, after.After, after.Entries.Count));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_device_more_than_are_kept_makes_the_longest_absent_one_a_new_one(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.MaxDevices = 2);
        await messaging.PublishAsync(_stream, 3);
        var epoch = (await messaging.Log.ReadAfterCursorAsync(_stream, Device("first"), 10)).Epoch;
        await messaging.Log.ReadAfterCursorAsync(_stream, Device("second"), 10);
        await messaging.Database.HashSetAsync(Names.Default.Seen(_stream), "first", DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds());
        await messaging.Log.AcknowledgeAsync(_stream, Device("second"), new Position(epoch, 2));

        Assert.Equal(2, (await messaging.Log.ReadAfterCursorAsync(_stream, Device("third"), 10)).Asked);
        Assert.Equal(["second", "third"], (await messaging.Database.HashKeysAsync(Names.Default.Cursors(_stream))).Select(name => (string)name!).Order());
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_device_that_stayed_away_for_the_logs_lifetime_is_forgotten_when_a_new_one_comes(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Log.ReadAfterCursorAsync(_stream, Device("old"), 10);
        await messaging.Database.HashSetAsync(Names.Default.Seen(_stream), "old", DateTimeOffset.UtcNow.AddDays(-8).ToUnixTimeMilliseconds());

        await messaging.Log.ReadAfterCursorAsync(_stream, Device("new"), 10);
        Assert.Equal("new", (string?)Assert.Single(await messaging.Database.HashKeysAsync(Names.Default.Cursors(_stream))));
        Assert.Equal("new", (string?)Assert.Single(await messaging.Database.HashKeysAsync(Names.Default.Seen(_stream))));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_users_device_has_a_cursor_of_its_own_in_a_topic(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        var (ann, bob) = (new DeviceName("ann", "phone"), new DeviceName("bob", "phone"));
        await messaging.PublishAsync(topic, 3);
        var first = await messaging.Log.ReadAfterCursorAsync(topic, ann, 10);
        Assert.Equal((3L, 0), (first.After, first.Entries.Count));

        Assert.True(await messaging.Log.AcknowledgeAsync(topic, ann, new Position(first.Epoch, 1)));
        Assert.False(await messaging.Log.AcknowledgeAsync(topic, ann, new Position(first.Epoch, 1)));
        Assert.False(await messaging.Log.AcknowledgeAsync(topic, ann, new Position(first.Epoch, 4)));

        Assert.Equal((1L, 2), await From(ann));
        Assert.Equal((3L, 0), await From(bob));

        async Task<(long After, int Count)> From(DeviceName device)
        {
            var page = await messaging.Log.ReadAfterCursorAsync(topic, device, 10);
            return (page.After, page.Entries.Count);
        }
    }
}
