using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;
namespace Notifications.Tests.Hub;

public sealed class DeliveryTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _user = RedisServers.Unique("user");

    private static readonly (string, string) QuickCheck = ("Delivery:PositionCheckInterval", "00:00:00.500");

    public static TheoryData<RedisKind> Installed => RedisServers.Installed;

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task Without_a_device_delivery_starts_with_what_is_published_from_now_on(RedisKind kind)
    {
        await using var at = await At(kind);
        await at.Messaging.PublishAsync(Own, 2);

        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 2);

        await ReceivesAsync(client, Own, 3, 4);
        Assert.Equal((Own.Value, 2, true), Said(client, 0));
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_devices_first_connection_gets_the_whole_log_and_a_later_one_what_it_has_not_acknowledged(RedisKind kind)
    {
        await using var at = await At(kind);
        await at.Messaging.PublishAsync(Own, 5);

        await using (var first = await at.Hub.ConnectAsync(_user, "laptop"))
        {
            await ReceivesAsync(first, Own, 1, 2, 3, 4, 5);
            await first.InvokeAsync("Acknowledge", Own.Value, first.Received[2].Epoch, 3);
        }

        await Eventually.Value(
            async () => (string?)await at.Messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "laptop") is "3" ? "3" : null,
            "the acknowledgement to be written");
        await using var second = await at.Hub.ConnectAsync(_user, "laptop");
        await ReceivesAsync(second, Own, 4, 5);
        Assert.Equal((Own.Value, 3, true), Said(second, 0));
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task What_is_published_while_a_device_reads_the_log_follows_without_hole_or_repetition(RedisKind kind)
    {
        const int before = 300;
        const int during = 300;
        await using var at = await At(kind);
        await at.Messaging.PublishAsync(Own, before);

        var publishing = at.Messaging.PublishAsync(Own, during);
        await using var client = await at.Hub.ConnectAsync(_user, "laptop");
        await publishing;

        await ReceivesAsync(client, Own, [.. Enumerable.Range(1, before + during)]);
        Assert.Single(client.Subscribed);
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_notification_that_never_came_over_the_channel_is_read_from_the_log(RedisKind kind)
    {
        await using var at = await At(kind);
        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 1);
        await ReceivesAsync(client, Own, 1);

        await UnheardNotifications.AppendAsync(at.Messaging.Database, Own);
        await at.Messaging.PublishAsync(Own, 1);

        await ReceivesAsync(client, Own, 1, 2, 3);
        Assert.Equal("unheard", client.Received[1].Id);
        Assert.Single(client.Subscribed);
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_loss_on_a_stream_that_stays_quiet_is_found_too(RedisKind kind)
    {
        await using var at = await At(kind, QuickCheck);
        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 1);
        await ReceivesAsync(client, Own, 1);

        await UnheardNotifications.AppendAsync(at.Messaging.Database, Own);

        await ReceivesAsync(client, Own, 1, 2);
        Assert.Single(client.Subscribed);
    }

    /// <summary>As on a busy machine, where the check of positions may read a notification before the hub hears of it.</summary>
    [Theory]
    [MemberData(nameof(Installed))]
    public async Task What_is_heard_after_it_was_read_is_delivered_once_and_nobody_is_warned(RedisKind kind)
    {
        await using var at = await At(kind, QuickCheck);
        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 1);
        await ReceivesAsync(client, Own, 1);

        var late = await UnheardNotifications.AppendAsync(at.Messaging.Database, Own);
        await ReceivesAsync(client, Own, 1, 2);
        await late();
        await at.Messaging.PublishAsync(Own, 1);

        await ReceivesAsync(client, Own, 1, 2, 3);
        Assert.Single(client.Subscribed);
        Assert.DoesNotContain(at.Hub.Captured, log => log.Level >= LogLevel.Warning);
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_log_that_is_gone_is_announced_although_nothing_is_published(RedisKind kind)
    {
        await using var at = await At(kind, QuickCheck);
        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 1);
        await ReceivesAsync(client, Own, 1);

        await at.Messaging.Database.KeyDeleteAsync([Names.Default.Meta(Own), Names.Default.Log(Own), Names.Default.Cursors(Own)]);

        await Eventually.True(() => client.Subscribed.Count == 2, "the new epoch to be announced");
        Assert.Equal((Own.Value, 0, false), Said(client, 1));
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task More_than_a_connections_queue_holds_arrives_all_the_same(RedisKind kind)
    {
        const int count = 500;
        await using var at = await At(kind, ("Delivery:QueueLength", "2"));
        await using var client = await at.Hub.ConnectAsync(_user);

        await Task.WhenAll(Enumerable.Range(1, count).Select(number => at.Messaging.Publisher.PublishAsync(Own, TestMessaging.Numbered(number))));

        await ReceivesAsync(client, Own, [.. Enumerable.Range(1, count)]);
        Assert.Single(client.Subscribed);
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_log_that_begins_anew_is_announced_as_not_recovered(RedisKind kind)
    {
        await using var at = await At(kind);
        await using var client = await at.Hub.ConnectAsync(_user);
        await at.Messaging.PublishAsync(Own, 2);
        await ReceivesAsync(client, Own, 1, 2);

        await at.Messaging.Database.KeyDeleteAsync([Names.Default.Meta(Own), Names.Default.Log(Own), Names.Default.Cursors(Own)]);
        await at.Messaging.PublishAsync(Own, 1);

        await ReceivesAsync(client, Own, 1, 2, 1);
        Assert.Equal((Own.Value, 0, false), Said(client, 1));
        Assert.Equal(client.Subscribed[1].Epoch, client.Received[2].Epoch);
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task What_was_trimmed_before_a_device_came_back_is_announced_as_not_recovered(RedisKind kind)
    {
        await using var at = await At(kind);
        await at.Messaging.PublishAsync(Own, 5);
        await using (var first = await at.Hub.ConnectAsync(_user, "laptop"))
        {
            await ReceivesAsync(first, Own, 1, 2, 3, 4, 5);
        }

        await at.Messaging.Database.ListTrimAsync(Names.Default.Log(Own), -2, -1);
        await using var second = await at.Hub.ConnectAsync(_user, "laptop");
        await ReceivesAsync(second, Own, 4, 5);
        Assert.Equal((Own.Value, 3, false), Said(second, 0));
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public async Task A_topic_reaches_those_who_subscribed_from_where_they_said(RedisKind kind)
    {
        await using var at = await At(kind);
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        await at.Messaging.PublishAsync(topic, 3);
        await using var fromNow = await at.Hub.ConnectAsync(_user);
        await using var fromOne = await at.Hub.ConnectAsync(RedisServers.Unique("other"));
        await using var stranger = await at.Hub.ConnectAsync(RedisServers.Unique("stranger"));

        await fromNow.InvokeAsync("Subscribe", topic.Value);
        await Eventually.True(() => fromNow.Subscribed.Count == 2, "the topic to be subscribed");
        await fromOne.InvokeAsync("Subscribe", topic.Value, new { epoch = fromNow.Subscribed[1].Epoch, offset = 1 });
        await at.Messaging.PublishAsync(topic, 1);

        await ReceivesAsync(fromNow, topic, 4);
        await ReceivesAsync(fromOne, topic, 2, 3, 4);
        Assert.Equal((topic.Value, 1, true), Said(fromOne, 1));

        await fromNow.InvokeAsync("Unsubscribe", topic.Value);
        await at.Messaging.PublishAsync(topic, 1);
        await ReceivesAsync(fromOne, topic, 2, 3, 4, 5);
        Assert.Single(fromNow.Received);
        Assert.Empty(stranger.Received);
    }

    [Fact]
    public async Task Another_users_stream_and_no_stream_at_all_are_refused_with_the_reason()
    {
        await using var at = await At(RedisKind.Garnet);
        await using var client = await at.Hub.ConnectAsync(_user);

        var foreign = await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Subscribe", "user:somebody-else"));
        Assert.Contains("You may not read the stream user:somebody-else", foreign.Message, StringComparison.Ordinal);
        var invalid = await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Subscribe", "user:*"));
        Assert.Contains("user:<id> or topic:<name>", invalid.Message, StringComparison.Ordinal);
    }

    private static (string Stream, long Offset, bool Recovered) Said(HubClient client, int index)
    {
        var subscribed = client.Subscribed[index];
        return (subscribed.Stream, subscribed.Offset, subscribed.Recovered);
    }

    private static async Task ReceivesAsync(HubClient client, StreamName stream, params int[] offsets)
    {
        await Eventually.True(() => client.Received.Count >= offsets.Length, $"{offsets.Length} notifications");
        Assert.Equal(offsets.Select(offset => (stream.Value, (long)offset)), client.Received.Select(received => (received.Stream, received.Offset)));
    }

    private Task<HubOnRedis> At(RedisKind kind, params (string Key, string Value)[] settings) => HubOnRedis.StartAsync(servers, kind, settings);
}
