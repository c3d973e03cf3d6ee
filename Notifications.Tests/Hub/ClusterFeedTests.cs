using System.Globalization;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>The live feed to a cluster is a connection to each node, of which one may be dead and look alive.</summary>
public sealed class ClusterFeedTests(RedisCluster cluster) : IClassFixture<RedisCluster>
{
    /// <summary>That node's replica, and the two of the hub's commands. The hub's feed comes after them.</summary>
    private const int ConnectionsBeforeTheLink = 3;

    private readonly string _user = RedisServers.Unique("user");

    [FactWithRedisServer]
    public async Task A_link_of_which_one_node_falls_silent_while_commands_work_is_replaced_and_nothing_is_lost()
    {
        var own = StreamName.User(_user);
        var nodes = cluster.Processes.Nodes;
        var node = await cluster.Processes.PrimaryOfAsync(Names.Default.Meta(own));
        await using var proxy = TcpProxy.Start(node.EndPoint);
        // From now on whoever asks the cluster where that node is goes through the proxy; who knew it goes on as before.
        var port = proxy.Port.ToString(CultureInfo.InvariantCulture);
        await node.SendAsync("CONFIG", "SET", "cluster-announce-port", port);
        await Eventually.True(
            async () => proxy.Connections == 1 && (await Task.WhenAll(nodes.Select(each => each.SendAsync("CLUSTER", "NODES"))))
                .All(view => view.Contains($":{port}@", StringComparison.Ordinal)),
            "the nodes to know the new address");
        var others = string.Join(',', nodes.Where(other => other != node).Select(other => other.ConnectionString));
        await using var hub = await HubHost.StartAsync(
            others, ("Delivery:ProbeInterval", "00:00:00.100"), ("Delivery:ProbeTimeout", "00:00:01"));
        await using var messaging = TestMessaging.On(cluster.Connection);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        await using var client = await hub.ConnectAsync(_user);
        await messaging.PublishAsync(own, 1);
        await Eventually.True(() => client.Received.Count == 1, "the first notification");

        proxy.Swallow(spared: ConnectionsBeforeTheLink);
        await messaging.PublishAsync(own, 1);
        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to notice that it does not hear of one node");
        proxy.Resume();

        await Eventually.True(() => client.Received.Count == 2, "what was published meanwhile");
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again");
        await messaging.PublishAsync(own, 1);
        await Eventually.True(() => client.Received.Count == 3, "live delivery over the new feed");
        Assert.Equal([1L, 2L, 3L], client.Received.Select(received => received.Offset));
        Assert.Single(client.Subscribed);
    }
}
