using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class DevicesTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task What_several_publishers_sent_a_user_who_was_away_comes_in_order_on_each_of_his_devices(RedisKind kind)
    {
        const int count = 200;
        const int publishers = 3;
        var redis = await servers.GetAsync(kind);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var otherHub = await HubHost.StartAsync(redis.ConnectionString);
        await (await hub.ConnectAsync(_user, "laptop")).DisposeAsync();
        await (await otherHub.ConnectAsync(_user, "phone")).DisposeAsync();

        await Task.WhenAll(Enumerable.Range(0, publishers).Select(async publisher =>
        {
            await using var connection = await redis.ConnectAsync();
            await using var messaging = TestMessaging.On(connection);
            for (var number = publisher; number < count; number += publishers)
            {
                await messaging.Publisher.PublishAsync(Own, TestMessaging.Numbered(number));
            }
        }));
        await using var laptop = await hub.ConnectAsync(_user, "laptop");
        await using var phone = await otherHub.ConnectAsync(_user, "phone");

        await ReceivesAllAsync(laptop, count);
        await ReceivesAllAsync(phone, count);
        Assert.Equal(laptop.Received.Select(received => received.Id), phone.Received.Select(received => received.Id));
        Assert.Equal(Enumerable.Range(0, count), laptop.Received.Select(received => received.Payload.GetProperty("number").GetInt32()).Order());

        await laptop.InvokeAsync("Acknowledge", Own.Value, laptop.Received[^1].Epoch, count);
        await laptop.DisposeAsync();
        await Eventually.True(async () => await CursorAsync(redis, "laptop") == count, "the laptop's acknowledgement to be written");
        await phone.DisposeAsync();
        await using var laptopAgain = await otherHub.ConnectAsync(_user, "laptop");
        await using var phoneAgain = await hub.ConnectAsync(_user, "phone");

        await ReceivesAllAsync(phoneAgain, count);
        Assert.Equal(count, laptopAgain.Subscribed[0].Offset);
        Assert.Empty(laptopAgain.Received);
    }

    private async Task<long?> CursorAsync(RedisServer redis, string device) =>
        (long?)await redis.Connection.GetDatabase().HashGetAsync(Names.Default.Cursors(Own), device);

    private async Task ReceivesAllAsync(HubClient client, int count)
    {
        await Eventually.True(() => client.Received.Count >= count, $"{count} notifications");
        Assert.Equal(
            Enumerable.Range(1, count).Select(offset => (Own.Value, (long)offset)),
            client.Received.Select(received => (received.Stream, received.Offset)));
    }
}
