using Microsoft.AspNetCore.SignalR;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;
using static Notifications.Tests.Client.RecordingClient;
using Position = Notifications.Client.Position;

namespace Notifications.Tests.Client;

public sealed class HandlingTests(RedisServers servers) : IClassFixture<RedisServers>
{
    [Fact]
    public async Task A_handler_that_throws_gets_the_same_again_while_later_ones_wait_and_other_streams_go_on()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        var works = false;
        var failures = 0;
        await using var client = await at.ConnectAsync(handle: (notification, _) =>
        {
            if (notification is { Offset: 2 } && notification.Stream == at.Own.Value && !Volatile.Read(ref works))
            {
                Interlocked.Increment(ref failures);
                throw new InvalidOperationException("Not yet.");
            }

            return Task.CompletedTask;
        });
        await client.Client.SubscribeAsync(topic.Value);

        await at.Messaging.PublishAsync(at.Own, 4);
        await Eventually.True(() => Volatile.Read(ref failures) > 3, "the handler to have failed some times");
        await at.Messaging.PublishAsync(topic, 1);
        await client.SeesAsync($"{at.Own}@1", $"{topic}@1");
        await at.AcknowledgedAsync(at.Own, 1);

        Volatile.Write(ref works, true);
        await client.SeesAsync([$"{at.Own}@1", $"{topic}@1", .. Offsets(at.Own, 2, 4)]);
        await at.AcknowledgedAsync(at.Own, 4);
    }

    [Fact]
    public async Task What_the_hub_sends_again_is_dropped()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();
        await at.Messaging.PublishAsync(at.Own, 5);
        await client.SeesAsync(Offsets(at.Own, 1, 5));
        await at.AcknowledgedAsync(at.Own, 5);

        await at.Messaging.Database.KeyDeleteAsync(Names.Default.Cursors(at.Own));
        await at.Proxy.CutAsync();
        await at.Messaging.PublishAsync(at.Own, 1);

        await client.SeesAsync(Offsets(at.Own, 1, 6));
        await at.AcknowledgedAsync(at.Own, 6);
    }

    [Fact]
    public async Task A_client_that_starts_again_goes_on_after_its_stored_position()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        var path = Path.Combine(Path.GetTempPath(), RedisServers.Unique("positions"), "positions.json");
        try
        {
            await at.Messaging.PublishAsync(at.Own, 3);
            using (var positions = new FilePositionStore(path))
            await using (var client = await at.ConnectAsync(at.Options(positions: positions)))
            {
                await client.SeesAsync(Offsets(at.Own, 1, 3));
            }

            // As after a crash of the hub: nothing is known about this device.
            await at.Messaging.Database.KeyDeleteAsync(Names.Default.Cursors(at.Own));
            await at.Messaging.PublishAsync(at.Own, 2);
            using (var positions = new FilePositionStore(path))
            await using (var client = await at.ConnectAsync(at.Options(positions: positions)))
            {
                await client.SeesAsync(Offsets(at.Own, 4, 5));
            }
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public async Task What_lies_between_the_stored_position_and_a_later_cursor_is_asked_for()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await at.Messaging.PublishAsync(at.Own, 5);
        var end = await at.Messaging.Log.ReadEndAsync(at.Own);
        await at.Messaging.Log.ReadAfterCursorAsync(at.Own, new(at.Own.Id, "laptop"), 1);
        await at.Messaging.Log.AcknowledgeAsync(at.Own, new(at.Own.Id, "laptop"), new(end.Epoch, 5));
        var positions = new InMemoryPositionStore();
        await positions.SaveAsync(at.Own.Value, new Position(end.Epoch, 2), CancellationToken.None);

        await using var client = await at.ConnectAsync(at.Options(positions: positions));

        await client.SeesAsync(Offsets(at.Own, 3, 5));
        Assert.Empty(client.Gaps);
    }

    [Fact]
    public async Task A_log_that_began_anew_is_told_as_a_gap_in_its_place()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();
        await at.Messaging.PublishAsync(at.Own, 2);
        await client.SeesAsync(Offsets(at.Own, 1, 2));
        var before = new Position((await at.Messaging.Log.ReadEndAsync(at.Own)).Epoch, 2);

        await at.Messaging.Database.KeyDeleteAsync([Names.Default.Meta(at.Own), Names.Default.Log(at.Own), Names.Default.Cursors(at.Own)]);
        await at.Messaging.PublishAsync(at.Own, 1);

        await client.SeesAsync($"{at.Own}@1", $"{at.Own}@2", $"gap {at.Own}@0", $"{at.Own}@1");
        var after = new Position((await at.Messaging.Log.ReadEndAsync(at.Own)).Epoch, 0);
        Assert.Equal([new Gap(at.Own.Value, before, after)], client.Gaps);
    }

    [Fact]
    public async Task What_was_trimmed_while_the_client_was_away_is_told_as_a_gap()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();
        await at.Messaging.PublishAsync(at.Own, 1);
        await client.SeesAsync($"{at.Own}@1");
        await at.AcknowledgedAsync(at.Own, 1);

        await at.LoseConnectionAsync();
        await at.Messaging.PublishAsync(at.Own, 5);
        await at.Messaging.Database.ListTrimAsync(Names.Default.Log(at.Own), -2, -1);
        at.FindHubAgain();

        await client.SeesAsync($"{at.Own}@1", $"gap {at.Own}@4", $"{at.Own}@5", $"{at.Own}@6");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_that_went_back_in_time_is_told_as_a_gap(bool own)
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();
        var stream = own ? at.Own : StreamName.Topic(RedisServers.Unique("news"));
        await client.Client.SubscribeAsync(stream.Value);
        await at.Messaging.PublishAsync(stream, 10);
        await client.SeesAsync(Offsets(stream, 1, 10));

        await at.LoseConnectionAsync();
        // As a Redis that was restored from a snapshot has it: the log and the device's cursor as they were earlier.
        var database = at.Messaging.Database;
        await database.ListTrimAsync(Names.Default.Log(stream), 0, 6);
        await database.HashSetAsync(Names.Default.Meta(stream), "offset", 7);
        await database.HashSetAsync(Names.Default.Cursors(stream), "laptop", 5);
        at.FindHubAgain();

        await Eventually.True(() => client.Gaps.Count == 1, "the client to be told");
        await at.Messaging.PublishAsync(stream, 1);
        await Eventually.True(() => client.Happened[^1] == $"{stream}@8", "what is published from then on");
        Assert.Equal(10, client.Gaps[0].Before!.Value.Offset);
    }

    [Fact]
    public async Task What_does_not_fit_the_queue_comes_when_there_is_room()
    {
        const int count = 300;
        await using var at = await ClientSetup.StartAsync(servers);
        var goes = new TaskCompletionSource();
        await using var client = await at.ConnectAsync(at.Options(queueLength: 4), (_, cancellationToken) => goes.Task.WaitAsync(cancellationToken));

        await at.Messaging.PublishAsync(at.Own, count);
        goes.SetResult();

        await client.SeesAsync(Offsets(at.Own, 1, count));
        Assert.Empty(client.Gaps);
    }

    [Fact]
    public async Task A_sequences_item_is_handled_when_the_next_is_asked_for()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = new NotificationClient(at.Options());
        await client.StartAsync();
        await at.Messaging.PublishAsync(at.Own, 3);

        await foreach (var notification in client.ReadAllAsync())
        {
            if (notification.Offset == 2)
            {
                await at.AcknowledgedAsync(at.Own, 1);
                break;
            }
        }

        await using var rest = client.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await rest.MoveNextAsync());
        Assert.Equal(2, rest.Current.Offset);
        Assert.True(await rest.MoveNextAsync());
        Assert.Equal(3, rest.Current.Offset);
        await at.AcknowledgedAsync(at.Own, 2);
    }

    [Fact]
    public async Task Without_a_device_it_is_live_only_and_acknowledges_nothing()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await at.Messaging.PublishAsync(at.Own, 2);
        await using var client = await at.ConnectAsync(at.Options(device: null));
        await at.Messaging.PublishAsync(at.Own, 1);
        await client.SeesAsync($"{at.Own}@3");

        await at.LoseConnectionAsync();
        await Eventually.True(() => client.Client.State == ConnectionState.Reconnecting, "the connection to be lost");
        await at.Messaging.PublishAsync(at.Own, 1);
        at.FindHubAgain();
        await Eventually.True(() => client.Client.State == ConnectionState.Connected, "the client to be back");
        await at.Messaging.PublishAsync(at.Own, 1);

        await client.SeesAsync($"{at.Own}@3", $"{at.Own}@5");
        Assert.Empty(await at.Messaging.Database.HashKeysAsync(Names.Default.Cursors(at.Own)));
    }

    [Fact]
    public async Task A_stream_that_the_hub_refuses_is_refused_to_the_caller()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();

        var refused = await Assert.ThrowsAsync<HubException>(() => client.Client.SubscribeAsync("user:somebody-else"));

        Assert.Contains("You may not read the stream user:somebody-else", refused.Message, StringComparison.Ordinal);
    }
}
