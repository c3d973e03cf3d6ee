using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>Hubs on a Redis Cluster, and what they make of a node that dies.</summary>
public sealed class ClusterTests(RedisCluster cluster) : IClassFixture<RedisCluster>
{
    /// <summary>A node counts as dead after 2 s, a replica follows on it a second or two later, and the clients have to find it.</summary>
    private static readonly TimeSpan FailoverLimit = TimeSpan.FromSeconds(30);

    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    [FactWithRedisServer]
    public async Task Live_notifications_resume_and_acknowledgements_work_as_on_one_server()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await HubHost.StartAsync(cluster.ConnectionString);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        await using (var client = await hub.ConnectAsync(_user, "laptop"))
        {
            await client.InvokeAsync("Subscribe", topic.Value);
            await messaging.PublishAsync(Own, 2);
            await messaging.PublishAsync(topic, 1);
            await Eventually.True(() => client.Received.Count == 3, "both streams' notifications");
            await client.InvokeAsync("Acknowledge", Own.Value, client.Subscribed[0].Epoch, 1);
        }

        await Eventually.True(
            async () => await messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "laptop") == 1, "the acknowledgement of who left to be written");
        await messaging.PublishAsync(Own, 1);
        await using var again = await hub.ConnectAsync(_user, "laptop");
        await Eventually.True(() => again.Received.Count == 2, "what was not acknowledged");
        Assert.Equal([2L, 3L], again.Received.Select(received => received.Offset));
        Assert.Equal((1, true), (again.Subscribed[0].Offset, again.Subscribed[0].Recovered));
    }

    [FactWithRedisServer]
    public async Task A_hub_class_of_an_adopters_own_reaches_groups_users_and_all_at_other_hubs()
    {
        await using var hub = await StartWithOwnHubAsync();
        await using var other = await StartWithOwnHubAsync();
        await using var client = await OwnHubClient.ConnectAsync(hub.Address, _user, OwnHubClient.MessagePack);
        var context = other.Service<IHubContext<OwnHub>>();
        await context.Groups.AddToGroupAsync(client.Id, "red");

        await context.Clients.All.SendAsync("said", new Said("all", 0));
        await context.Clients.User(_user).SendAsync("said", new Said("user", 0));
        await context.Clients.Group("red").SendAsync("said", new Said("group", 0));

        await Eventually.True(() => client.Heard.Count == 3, "what the other hub said");
        Assert.Equal(["all", "group", "user"], client.Heard.Order(StringComparer.Ordinal));
    }

    [FactWithRedisServer]
    public async Task A_primarys_death_loses_nothing_that_its_replica_had()
    {
        var nodes = cluster.Processes;
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await HubHost.StartAsync(cluster.ConnectionString);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await messaging.PublishAsync(Own, 1);
        await Eventually.True(() => client.Received.Count == 1, "the first notification");

        var primary = await nodes.PrimaryOfAsync(Names.Default.Meta(Own));
        await primary.KillAsync();
        // Whichever way the commands take while nobody serves these keys: wait for the replica, or fail and be sent again.
        await messaging.PublishUntilTakenAsync(Own, 2);
        await messaging.PublishUntilTakenAsync(Own, 3);

        await Eventually.True(() => client.Received.Count == 3, "what was published after the death", FailoverLimit);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again", FailoverLimit);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("the live feed is dead", StringComparison.Ordinal));
        await messaging.PublishUntilTakenAsync(Own, 4);
        await Eventually.True(() => client.Received.Count == 4, "live delivery from the new primary", TimeSpan.FromSeconds(2));
        Assert.Equal([1L, 2L, 3L, 4L], client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);

        await primary.StartAsync(CancellationToken.None);
        await nodes.WaitUntilWholeAsync(CancellationToken.None);
        await messaging.PublishUntilTakenAsync(Own, 5);
        await Eventually.True(() => client.Received.Count == 5, "live delivery with the old primary back as a replica", TimeSpan.FromSeconds(2));
    }

    [FactWithRedisServer]
    public async Task A_planned_fail_over_moves_the_hubs_subscriptions_to_the_new_primary()
    {
        var nodes = cluster.Processes;
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await HubHost.StartAsync(cluster.ConnectionString);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user, "laptop");
        var replica = await nodes.ReplicaOfAsync(await nodes.PrimaryOfAsync(Names.Default.Meta(Own)));

        await replica.SendAsync("CLUSTER", "FAILOVER");
        for (var number = 1; await nodes.PrimaryOfAsync(Names.Default.Meta(Own)) != replica || number <= 100; number++)
        {
            await messaging.PublishUntilTakenAsync(Own, number);
        }

        var published = (await messaging.Log.ReadEndAsync(Own)).Last;
        await Eventually.True(() => client.Received.Count == published, "everything that was published meanwhile", FailoverLimit);
        Assert.Equal(Enumerable.Range(1, (int)published).Select(offset => (long)offset), client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);
        await Eventually.True(
            async () => (await replica.SendAsync("PUBSUB", "SHARDNUMSUB", Names.Default.Live(Own))).EndsWith('1'), "the new primary to count the hub", FailoverLimit);
    }

    [FactWithRedisServer]
    public async Task A_slot_that_moves_to_another_node_takes_the_hubs_subscriptions_with_it()
    {
        var nodes = cluster.Processes;
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await HubHost.StartAsync(cluster.ConnectionString);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await messaging.PublishAsync(Own, 1);
        await Eventually.True(() => client.Received.Count == 1, "the first notification");

        var from = await nodes.PrimaryOfAsync(Names.Default.Meta(Own));
        var to = await nodes.OtherPrimaryAsync(from);
        await nodes.MoveSlotAsync(Names.Default.Meta(Own), from, to);
        await messaging.PublishUntilTakenAsync(Own, 2);

        await Eventually.True(() => client.Received.Count == 2, "what was published after the move", FailoverLimit);
        await Eventually.True(
            async () => (await to.SendAsync("PUBSUB", "SHARDNUMSUB", Names.Default.Live(Own))).EndsWith('1'), "the new node to count the hub", FailoverLimit);
        await messaging.PublishUntilTakenAsync(Own, 3);
        await Eventually.True(() => client.Received.Count == 3, "live delivery from the new node", TimeSpan.FromSeconds(2));
        Assert.Equal([1L, 2L, 3L], client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready", FailoverLimit);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("the live feed is dead", StringComparison.Ordinal));
    }

    private Task<HubHost> StartWithOwnHubAsync() =>
        HubHost.StartAsync(cluster.ConnectionString, _ => { }, app => app.MapHub<OwnHub>(OwnHub.Path));
}
