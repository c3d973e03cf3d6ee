using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>A user with more devices than are kept apart (<c>Notifications:MaxDevices</c>).</summary>
public sealed class DeviceLimitTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const int Kept = 5;

    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Thirty_connected_devices_that_all_acknowledge_have_no_more_cursors_than_the_limit_and_all_get_everything(RedisKind kind)
    {
        const int devices = 30;
        await using var at = await At(kind);
        var clients = await Task.WhenAll(Enumerable.Range(0, devices).Select(number => at.Hub.ConnectAsync(_user, $"device-{number}")));

        for (var offset = 1; offset <= 3; offset++)
        {
            await at.Messaging.PublishAsync(Own, 1);
            foreach (var client in clients)
            {
                await Eventually.True(() => client.Received.Count == offset, "the notification");
                await client.InvokeAsync("Acknowledge", Own.Value, client.Received[^1].Epoch, offset);
            }
        }

        foreach (var client in clients)
        {
            Assert.Equal([1L, 2L, 3L], client.Received.Select(received => received.Offset));
            Assert.Single(client.Subscribed);
            // Who leaves has written what it acknowledged.
            await client.DisposeAsync();
        }

        await Eventually.True(() => at.Hub.Connections == 0, "all to have left");
        var cursors = await at.Messaging.Database.HashGetAllAsync(Names.Default.Cursors(Own));
        Assert.Equal(Enumerable.Repeat(3L, Kept), cursors.Select(cursor => (long)cursor.Value));
        Assert.Equal(Kept, await at.Messaging.Database.HashLengthAsync(Names.Default.Seen(Own)));
        await using var again = await at.Hub.ConnectAsync(_user, (string)cursors[0].Name!);
        await at.Messaging.PublishAsync(Own, 1);
        await Eventually.True(() => again.Received.Count == 1, "what was published since");
        Assert.Equal((3L, true, 4L), (again.Subscribed[0].Offset, again.Subscribed[0].Recovered, again.Received[0].Offset));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_device_that_was_pushed_out_takes_its_place_again_by_acknowledging_and_pushes_out_the_one_longest_unseen(RedisKind kind)
    {
        await using var at = await At(kind);
        await using var first = await at.Hub.ConnectAsync(_user, "first");
        await at.Messaging.PublishAsync(Own, 4);
        await Eventually.True(() => first.Received.Count == 4, "what the first device gets");
        for (var number = 0; number < Kept; number++)
        {
            await (await at.Hub.ConnectAsync(_user, $"later-{number}")).DisposeAsync();
        }

        Assert.False(await at.Messaging.Database.HashExistsAsync(Names.Default.Cursors(Own), "first"));
        await first.InvokeAsync("Acknowledge", Own.Value, first.Received[0].Epoch, 2);

        await Eventually.True(async () => await at.Messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "first") == 2, "its acknowledgement to be written");
        Assert.Equal(
            ["first", "later-1", "later-2", "later-3", "later-4"],
            (await at.Messaging.Database.HashKeysAsync(Names.Default.Cursors(Own))).Select(name => (string)name!).Order(StringComparer.Ordinal));
        await first.DisposeAsync();
        await using var again = await at.Hub.ConnectAsync(_user, "first");
        await Eventually.True(() => again.Received.Count == 2, "what it did not acknowledge");
        Assert.Equal([3L, 4L], again.Received.Select(received => received.Offset));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_furthest_acknowledgement_of_a_user_is_not_the_one_that_is_pushed_out(RedisKind kind)
    {
        await using var at = await At(kind);
        await at.Messaging.PublishAsync(Own, 9);
        await using var behind = await at.Hub.ConnectAsync(_user, "behind");
        await using var furthest = await at.Hub.ConnectAsync(_user, "furthest");
        await Eventually.True(() => furthest.Received.Count == 9 && behind.Received.Count == 9, "all");
        await furthest.InvokeAsync("Acknowledge", Own.Value, furthest.Received[0].Epoch, 1);
        await Eventually.True(async () => await at.Messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "furthest") == 1, "its acknowledgement to be written");
        for (var number = 0; number < Kept - 1; number++)
        {
            await (await at.Hub.ConnectAsync(_user, $"later-{number}")).DisposeAsync();
        }

        await furthest.InvokeAsync("Acknowledge", Own.Value, furthest.Received[0].Epoch, 9);
        await Eventually.True(async () => await at.Messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "furthest") == 9, "its acknowledgement to be written");
        await behind.InvokeAsync("Acknowledge", Own.Value, behind.Received[0].Epoch, 2);
        await Eventually.True(async () => await at.Messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "behind") == 2, "the other one's to be written");

        await using var brandNew = await at.Hub.ConnectAsync(_user, "new");
        Assert.Equal(9, brandNew.Subscribed[0].Offset);
    }

    private Task<HubOnRedis> At(RedisKind kind) =>
        HubOnRedis.StartAsync(servers, kind, ("Notifications:MaxDevices", $"{Kept}"), ("Delivery:AcknowledgeInterval", "00:00:00.050"));
}
