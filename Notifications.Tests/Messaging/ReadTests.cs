using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class ReadTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly StreamName _stream = TestMessaging.NewStream();

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
        Assert.Equal(0, (await messaging.Log.ReadAfterCursorAsync(_stream, "phone", 10)).Asked);
        await messaging.PublishAsync(_stream, 1);
        Assert.Equal(3, (await messaging.Log.ReadAfterCursorAsync(_stream, "phone", 10)).Entries.Count);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_new_device_starts_after_the_highest_cursor_of_the_others(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 12);
        var epoch = (await messaging.Log.ReadAfterCursorAsync(_stream, "phone", 10)).Epoch;
        await messaging.Log.ReadAfterCursorAsync(_stream, "tablet", 10);
        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position(epoch, 9)));
        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, "tablet", new Position(epoch, 10)));

        var page = await messaging.Log.ReadAfterCursorAsync(_stream, "laptop", 10);
        Assert.Equal((10L, 2), (page.Asked, page.Entries.Count));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_cursor_only_moves_forward_within_the_log_and_its_epoch(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 3);
        var epoch = (await messaging.Log.ReadEndAsync(_stream)).Epoch;

        Assert.True(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position(epoch, 2)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position(epoch, 2)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position(epoch, 1)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position(epoch, 4)));
        Assert.False(await messaging.Log.AcknowledgeAsync(_stream, "phone", new Position("another-epoch", 3)));
        Assert.False(await messaging.Log.AcknowledgeAsync(TestMessaging.NewStream(), "phone", new Position(epoch, 1)));
        Assert.Equal(2, (await messaging.Log.ReadAfterCursorAsync(_stream, "phone", 10)).Asked);
    }
}
