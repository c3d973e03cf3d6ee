using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Messaging.Redis;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class PublishTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly StreamName _stream = TestMessaging.NewStream();

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Offsets_rise_by_one_from_1_in_one_epoch(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var results = new List<PublishResult>();
        for (var number = 1; number <= 3; number++)
        {
            results.Add(await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number) with { Id = $"n{number}" }));
        }

        var epoch = results[0].Epoch;
        Assert.NotEmpty(epoch);
        Assert.Equal(
            [new PublishResult("n1", epoch, 1, false), new PublishResult("n2", epoch, 2, false), new PublishResult("n3", epoch, 3, false)],
            results);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_same_id_again_changes_nothing_and_returns_the_first_position(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var notification = TestMessaging.Numbered(1);
        var first = await messaging.Publisher.PublishAsync(_stream, notification);
        await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(2));
        var before = await messaging.Log.ReadAfterAsync(_stream, 0, 10);

        var again = await messaging.Publisher.PublishAsync(_stream, notification);

        Assert.Equal(first with { Duplicate = true }, again);
        Assert.Equal(Texts(before), Texts(await messaging.Log.ReadAfterAsync(_stream, 0, 10)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_same_id_from_many_at_once_is_published_once(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var notification = TestMessaging.Numbered(1);
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => messaging.Publisher.PublishAsync(_stream, notification)));

        Assert.Single(results, result => !result.Duplicate);
        Assert.All(results, result => Assert.Equal(1, result.Offset));
        Assert.Single((await messaging.Log.ReadAfterAsync(_stream, 0, 10)).Entries);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_id_is_a_key_of_its_stream_only(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var notification = TestMessaging.Numbered(1);
        await messaging.Publisher.PublishAsync(_stream, notification);
        Assert.False((await messaging.Publisher.PublishAsync(TestMessaging.NewStream(), notification)).Duplicate);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_id_is_free_again_after_its_window(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.IdLifetime = TimeSpan.FromSeconds(1));
        var notification = TestMessaging.Numbered(1);
        var first = await messaging.Publisher.PublishAsync(_stream, notification);
        PublishResult? second = null;
        await Eventually.True(
            async () => !(second = await messaging.Publisher.PublishAsync(_stream, notification)).Duplicate, "the id to be forgotten");
        Assert.Equal(first with { Offset = 2 }, second);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Concurrent_publishers_leave_no_gap_and_no_double(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var results = await Task.WhenAll(
            Enumerable.Range(1, 200).Select(number => Task.Run(() => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number)))));

        Assert.Equal(Enumerable.Range(1, 200).Select(offset => (long)offset), results.Select(result => result.Offset).Order());
        Assert.Single(results.Select(result => result.Epoch).Distinct());
        Assert.Equal(200, (await messaging.Log.ReadAfterAsync(_stream, 0, 500)).Entries.Count);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_log_keeps_its_length_and_at_most_a_tenth_more(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.LogLength = 20);
        await messaging.PublishAsync(_stream, 95);

        var page = await messaging.Log.ReadAfterAsync(_stream, 0, 500);
        Assert.InRange(page.Entries.Count, 20, 22);
        Assert.Equal((95L, 95L - page.Entries.Count, false, true), (page.Last, page.After, page.IsContiguous, page.IsLast));
        Assert.Equal(Enumerable.Range((int)page.After + 1, page.Entries.Count), page.Entries.Select(Number));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Every_key_of_a_stream_expires_the_log_first(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var result = await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(1));
        var options = new NotificationOptions();

        // A log's lifetimes are set anew when a sixty-fourth of it has passed, and last as much longer.
        var slack = options.LogLifetime / 64;
        await AssertExpires(Names.Default.Log(_stream), options.LogLifetime + slack);
        await AssertExpires(Names.Default.Meta(_stream), options.StreamLifetime + slack);
        await AssertExpires(Names.Default.Id(_stream, result.Id), options.IdLifetime);

        async Task AssertExpires(RedisKey key, TimeSpan after) =>
            Assert.InRange((await messaging.Database.KeyTimeToLiveAsync(key))!.Value, after - TimeSpan.FromMinutes(1), after);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_log_in_use_does_not_expire(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.LogLifetime = TimeSpan.FromSeconds(2));
        var watch = Stopwatch.StartNew();
        var last = 0L;
        while (watch.Elapsed < TimeSpan.FromSeconds(3))
        {
            last = (await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered((int)last + 1))).Offset;
        }

        Assert.Equal(Math.Min(last, 1_000), Math.Min((await messaging.Log.ReadAfterAsync(_stream, 0, 2_000)).Entries.Count, 1_000));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Many_at_once_get_their_offsets_in_the_order_of_the_calls_from_the_first_one_on(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var results = await Task.WhenAll(Enumerable.Range(1, 500).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))));

        Assert.Equal(Enumerable.Range(1, 500).Select(number => (long)number), results.Select(result => result.Offset));
        Assert.Equal(Enumerable.Range(1, 500), (await messaging.Log.ReadAfterAsync(_stream, 0, 500)).Entries.Select(Number));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Many_streams_at_once_each_get_their_offsets_in_the_order_of_the_calls_from_the_first_one_on(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var streams = Enumerable.Range(0, 100).Select(_ => TestMessaging.NewStream()).ToArray();
        var numbers = Enumerable.Range(1, 20).ToArray();
        var publishes = numbers.SelectMany(number => streams.Select(async stream =>
            (Stream: stream, number, (await messaging.Publisher.PublishAsync(stream, TestMessaging.Numbered(number))).Offset)));

        Assert.All(await Task.WhenAll(publishes), published => Assert.Equal(published.number, published.Offset));
        foreach (var stream in streams)
        {
            Assert.Equal(numbers, (await messaging.Log.ReadAfterAsync(stream, 0, 100)).Entries.Select(Number));
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Who_holds_up_the_thread_that_told_him_holds_up_nobody_else(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(TestMessaging.NewStream(), 1);
        using var others = new CountdownEvent(39);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));

        var publishes = Enumerable.Range(1, 40).Select(async number =>
        {
            await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number)).ConfigureAwait(false);
            if (number == 5)
            {
                others.Wait(limit.Token);
            }
            else
            {
                others.Signal();
            }
        });

        await Task.WhenAll(publishes);
    }

    [FactWithRedisServer]
    public async Task Notifications_of_many_streams_share_calls()
    {
        await using var processes = new RedisProcesses();
        var redis = await processes.StartAsync();
        await using var connection = await RedisProcesses.ConnectAsync(redis);
        await using var messaging = TestMessaging.On(connection);
        await messaging.PublishAsync(TestMessaging.NewStream(), 1);
        await redis.SendAsync("CONFIG", "RESETSTAT");

        await Task.WhenAll(Enumerable.Range(0, 500).Select(number => messaging.Publisher.PublishAsync(TestMessaging.NewStream(), TestMessaging.Numbered(number))));

        var calls = (await redis.SendAsync("INFO", "commandstats")).Split('\n').Single(line => line.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal));
        Assert.InRange(int.Parse(calls.Split('=', ',')[1], CultureInfo.InvariantCulture), 8, 250);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_id_published_many_times_at_once_is_one_notification(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var notification = TestMessaging.Numbered(1);
        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => messaging.Publisher.PublishAsync(_stream, notification)));

        Assert.All(results, result => Assert.Equal(1, result.Offset));
        Assert.Single(results, result => !result.Duplicate);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_stream_that_Redis_refuses_fails_its_own_notifications_only(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var broken = Enumerable.Range(0, int.MaxValue).Select(i => StreamName.User($"{_stream.Id}-{i}"))
            .First(stream => RedisNames.Partition(stream) == RedisNames.Partition(_stream));
        await messaging.Database.StringSetAsync(Names.Default.Log(broken), "another program's", TimeSpan.FromMinutes(5));
        await messaging.Database.HashSetAsync(Names.Default.Meta(broken), [new("epoch", "e"), new("offset", 0)]);

        var good = Enumerable.Range(1, 20).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))).ToArray();
        Notification[] refused = [.. Enumerable.Range(1, 3).Select(number => TestMessaging.Numbered(number) with { Id = $"refused-{number}" })];
        var bad = refused.Select(notification => messaging.Publisher.PublishAsync(broken, notification)).ToArray();
        var late = Enumerable.Range(21, 20).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))).ToArray();

        Assert.Equal(Enumerable.Range(1, 40).Select(number => (long)number), (await Task.WhenAll([.. good, .. late])).Select(result => result.Offset));
        foreach (var publish in bad)
        {
            await Assert.ThrowsAsync<RedisServerException>(() => publish);
        }

        await messaging.Database.KeyDeleteAsync(Names.Default.Log(broken));
        foreach (var notification in refused)
        {
            Assert.False((await messaging.Publisher.PublishAsync(broken, notification)).Duplicate);
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task After_the_log_expired_the_offsets_go_on_in_the_same_epoch(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var first = await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(1));
        await messaging.Database.KeyDeleteAsync(Names.Default.Log(_stream));

        var second = await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(2));
        Assert.Equal((first.Epoch, 2L), (second.Epoch, second.Offset));
        Assert.Equal(1, (await messaging.Log.ReadAfterAsync(_stream, 0, 10)).After);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_stream_that_lost_its_place_begins_a_new_epoch_without_the_old_entries(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.PublishAsync(_stream, 3);
        var old = await messaging.Log.ReadEndAsync(_stream);
        await messaging.Database.KeyDeleteAsync(Names.Default.Meta(_stream));

        var result = await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(4));
        Assert.NotEqual(old.Epoch, result.Epoch);
        Assert.Equal(1, result.Offset);
        Assert.Equal([4], (await messaging.Log.ReadAfterAsync(_stream, 0, 10)).Entries.Select(Number));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_channel_carries_what_was_appended_in_the_order_of_the_offsets(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var channel = await messaging.Redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Names.Default.Live(_stream)));
        var repeated = TestMessaging.Numbered(0);
        await messaging.Publisher.PublishAsync(_stream, repeated);
        await Task.WhenAll(Enumerable.Range(1, 98).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))));
        await messaging.Publisher.PublishAsync(_stream, repeated);
        await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(99));

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var live = new List<LiveMessage>();
        while (live.Count < 100)
        {
            Assert.True(LiveMessage.TryParse((byte[])(await channel.ReadAsync(limit.Token)).Message!, out var message));
            live.Add(message);
        }

        var page = await messaging.Log.ReadAfterAsync(_stream, 0, 500);
        Assert.Equal(Enumerable.Range(1, 100).Select(offset => (long)offset), live.Select(message => message.Offset));
        Assert.All(live, message => Assert.Equal(page.Epoch, message.Epoch));
        Assert.Equal(Texts(page), live.Select(message => Encoding.UTF8.GetString(message.Entry.Span)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_entry_holds_the_body_for_clients_and_the_trace_of_the_publish(RedisKind kind)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        using var caller = new Activity("caller").Start();
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await messaging.Publisher.PublishAsync(_stream, Notification.Create("GREETED", new { Text = "Grüße ☕" }) with { Id = "an-id" });

        var entry = LogEntry.Parse((await messaging.Log.ReadAfterAsync(_stream, 0, 1)).Entries.Single());
        Assert.True(ActivityContext.TryParse(entry.TraceParent, null, out var context));
        Assert.Equal(caller.TraceId, context.TraceId);
        Assert.NotEqual(caller.SpanId, context.SpanId);
        using var body = JsonDocument.Parse(entry.Body);
        Assert.Equal(["id", "type", "payload", "timestamp"], body.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal("an-id", body.RootElement.GetProperty("id").GetString());
        Assert.Equal("GREETED", body.RootElement.GetProperty("type").GetString());
        Assert.Equal("Grüße ☕", body.RootElement.GetProperty("payload").GetProperty("text").GetString());
        Assert.InRange(body.RootElement.GetProperty("timestamp").GetInt64(), before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    private static int Number(ReadOnlyMemory<byte> entry)
    {
        using var body = JsonDocument.Parse(LogEntry.Parse(entry).Body);
        return body.RootElement.GetProperty("payload").GetProperty("number").GetInt32();
    }

    private static IEnumerable<string> Texts(LogPage page) => page.Entries.Select(entry => Encoding.UTF8.GetString(entry.Span));
}
