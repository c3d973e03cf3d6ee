using System.Net;
using Notifications.Testing.Clusters;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>
/// A Redis that came back without all that it had: every client is told, and gets what is published from then on, also where the
/// log has come as far again before a hub looked.
/// </summary>
public sealed class StoreWentBackTests : IAsyncDisposable
{
    private readonly RedisProcesses _redis = new();
    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [FactWithRedisServer]
    public async Task A_server_that_comes_back_empty()
    {
        var server = await _redis.StartAsync();
        await using var connection = await RedisProcesses.ConnectAsync(server);
        await using var messaging = TestMessaging.On(connection);
        await using var hub = await HubHost.StartAsync(server.ConnectionString);
        await using var client = await HearsThreeAsync(hub, messaging);

        await server.KillAsync();
        await server.StartAsync(CancellationToken.None);

        await ToldAsync(client, offset: 0);
        await messaging.PublishUntilTakenAsync(Own, 4);
        await ReceivesAsync(client, 1, 2, 3, 4);
    }

    [FactWithRedisServer]
    public async Task A_server_that_comes_back_with_an_older_snapshot()
    {
        var server = await _redis.StartAsync();
        await using var connection = await RedisProcesses.ConnectAsync(server);
        await using var messaging = TestMessaging.On(connection);
        await using var hub = await HubHost.StartAsync(server.ConnectionString);
        await using var client = await HearsThreeAsync(hub, messaging, beforeThird: () => server.SendAsync("SAVE"));

        await server.KillAsync();
        await server.StartAsync(CancellationToken.None);

        await ToldAsync(client, offset: 0);
        await ReceivesAsync(client, 1, 2, 3, 1, 2);
        await messaging.PublishUntilTakenAsync(Own, 4);
        await ReceivesAsync(client, 1, 2, 3, 1, 2, 4);
    }

    [FactWithRedisServer]
    public async Task A_server_that_came_back_with_an_older_snapshot_and_got_as_far_again_unseen()
    {
        var server = await _redis.StartAsync();
        await using var proxy = TcpProxy.Start(server.EndPoint);
        await using var connection = await RedisProcesses.ConnectAsync(server);
        await using var messaging = TestMessaging.On(connection);
        await using var hub = await HubHost.StartAsync($"127.0.0.1:{proxy.Port}");
        await using var client = await HearsThreeAsync(hub, messaging, beforeThird: () => server.SendAsync("SAVE"));
        var place = new { epoch = client.Received[2].Epoch, offset = 3 };

        proxy.Target = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
        await server.KillAsync();
        await server.StartAsync(CancellationToken.None);
        await messaging.PublishUntilTakenAsync(Own, 4);
        await messaging.PublishUntilTakenAsync(Own, 5);
        proxy.Target = server.EndPoint;

        await ToldAsync(client, offset: 0);
        await ReceivesAsync(client, 1, 2, 3, 1, 2, 4, 5);
        // One that was away meanwhile and comes back to the same place. Clients are told before the hub hears its own probe, and it takes new ones after it.
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again");
        await using var returning = await hub.ConnectAsync(_user);
        await returning.InvokeAsync("Subscribe", Own.Value, place);
        await Eventually.True(() => returning.Subscribed.Count == 2, "the one that comes back to be told");
        Assert.Equal((0, false), (returning.Subscribed[1].Offset, returning.Subscribed[1].Recovered));
    }

    [FactWithRedisServer]
    public async Task A_replica_that_lagged_and_took_over()
    {
        var (hub, client, messaging) = await FailOverAsync(unseen: false);
        await using (hub)
        await using (client)
        await using (messaging)
        {
            await ToldAsync(client, offset: 0);
            await ReceivesAsync(client, 1, 2, 3, 1, 2);
            await messaging.PublishUntilTakenAsync(Own, 4);
            await ReceivesAsync(client, 1, 2, 3, 1, 2, 4);
        }
    }

    [FactWithRedisServer]
    public async Task A_replica_that_lagged_took_over_and_got_as_far_again_unseen()
    {
        var (hub, client, messaging) = await FailOverAsync(unseen: true);
        await using (hub)
        await using (client)
        await using (messaging)
        {
            await ToldAsync(client, offset: 0);
            await ReceivesAsync(client, 1, 2, 3, 1, 2, 4, 5);
        }
    }

    /// <summary>A primary whose replica misses the third notification dies, and an operator promotes the replica.</summary>
    /// <param name="unseen">Publishing goes on before the hub finds the new primary.</param>
    private async Task<(HubHost Hub, HubClient Client, TestMessaging Messaging)> FailOverAsync(bool unseen)
    {
        var primary = await _redis.StartAsync();
        await using var replication = TcpProxy.Start(primary.EndPoint);
        var replica = await _redis.StartReplicaAsync(replication.Port);
        await using var toPrimary = await RedisProcesses.ConnectAsync(primary);
        await using var before = TestMessaging.On(toPrimary);
        var hub = await HubHost.StartAsync($"{primary.ConnectionString},{replica.ConnectionString}");
        var client = await HearsThreeAsync(hub, before, beforeThird: async () =>
        {
            await Eventually.True(
                async () => await replica.SendAsync("LLEN", Names.Default.Log(Own).ToString()) == "2", "the replica to have the first two");
            replication.Swallow();
        });

        await primary.KillAsync();
        await replica.SendAsync("REPLICAOF", "NO", "ONE");
        var messaging = TestMessaging.On(await RedisProcesses.ConnectAsync(replica));
        if (unseen)
        {
            await messaging.PublishUntilTakenAsync(Own, 4);
            await messaging.PublishUntilTakenAsync(Own, 5);
        }

        return (hub, client, messaging);
    }

    private async Task<HubClient> HearsThreeAsync(HubHost hub, TestMessaging messaging, Func<Task>? beforeThird = null)
    {
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        var client = await hub.ConnectAsync(_user, "laptop");
        await messaging.PublishUntilTakenAsync(Own, 1);
        await messaging.PublishUntilTakenAsync(Own, 2);
        await (beforeThird?.Invoke() ?? Task.CompletedTask);
        await messaging.PublishUntilTakenAsync(Own, 3);
        await ReceivesAsync(client, 1, 2, 3);
        return client;
    }

    private static async Task ToldAsync(HubClient client, long offset)
    {
        await Eventually.True(() => client.Subscribed.Count == 2, "the client to be told", TimeSpan.FromSeconds(20));
        Assert.Equal((offset, false), (client.Subscribed[1].Offset, client.Subscribed[1].Recovered));
        Assert.NotEqual(client.Subscribed[0].Epoch, client.Subscribed[1].Epoch);
    }

    private static async Task ReceivesAsync(HubClient client, params int[] numbers)
    {
        await Eventually.True(() => client.Received.Count >= numbers.Length, $"{numbers.Length} notifications");
        Assert.Equal(numbers, client.Received.Select(received => received.Payload.GetProperty("number").GetInt32()));
    }
}
