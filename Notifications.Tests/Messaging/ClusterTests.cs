using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>Streams and the registry on a Redis Cluster.</summary>
public sealed class ClusterTests(RedisCluster cluster) : IClassFixture<RedisCluster>
{
    [FactWithRedisServer]
    public async Task Streams_of_every_partition_are_published_read_and_acknowledged()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        var device = new DeviceName("somebody", "laptop");
        foreach (var stream in OneOfEachPartition())
        {
            var results = await messaging.Publisher.PublishAsync([(stream, TestMessaging.Numbered(1)), (stream, TestMessaging.Numbered(2))]);

            Assert.Equal([1L, 2L], results.Select(result => result.Offset));
            await messaging.Log.ReadAfterCursorAsync(stream, device, 10);
            Assert.True(await messaging.Log.AcknowledgeAsync(stream, device, new Position(results[0].Epoch, 1)));
            var page = await messaging.Log.ReadAfterCursorAsync(stream, device, 10);
            Assert.Equal((1, 2, 1, true), (page.After, page.Last, page.Entries.Count, page.IsContiguous));
        }
    }

    [FactWithRedisServer]
    public async Task Streams_of_every_partition_are_acknowledged_at_once()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await AssertAcknowledgedAtOnceAsync(messaging);
    }

    [FactWithRedisServer]
    public async Task The_ends_of_streams_of_every_partition_are_read_at_once()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        StreamName[] streams = [.. OneOfEachPartition()];
        var last = await messaging.Publisher.PublishAsync(streams[^1], TestMessaging.Numbered(1));

        var ends = await messaging.Log.ReadEndsAsync(streams);

        Assert.Equal(streams.ToHashSet(), ends.Select(end => end.Stream).ToHashSet());
        Assert.All(ends, end => Assert.Null(end.Failure));
        Assert.Equal((last.Epoch, 1), ends.Where(end => end.Stream == streams[^1]).Select(end => (end.End.Epoch, (int)end.End.Offset)).Single());

        // Who looks keeps the epochs.
        var metas = streams.Select(stream => Names.Default.Meta(stream)).ToArray();
        await Task.WhenAll(metas.Select(meta => messaging.Database.KeyExpireAsync(meta, TimeSpan.FromMinutes(1))));
        Assert.Equal(ends.OrderBy(end => end.Stream.Value), (await messaging.Log.ReadEndsAsync(streams)).OrderBy(end => end.Stream.Value));
        var lives = await Task.WhenAll(metas.Select(meta => messaging.Database.KeyTimeToLiveAsync(meta)));
        Assert.All(lives, life => Assert.InRange(life!.Value, NotificationLog.UnusedLifetime - TimeSpan.FromMinutes(1), NotificationLog.UnusedLifetime));
    }

    [FactWithRedisServer]
    public async Task A_cluster_behind_a_proxy_that_hides_it_gets_calls_of_one_slot_each()
    {
        await using var processes = new RedisProcesses();
        var node = await processes.StartAsync("--cluster-enabled", "yes", "--cluster-port", $"{FreePorts.Next()}");
        await node.SendAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await Eventually.True(
            async () => (await node.SendAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal), "the node to have all slots");
        // Without these three a connection does not find out that there are slots.
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{node.ConnectionString},$HELLO=,$INFO=,$CLUSTER=");
        await using var messaging = TestMessaging.On(connection);
        Assert.False(await new LiveChannels(connection, Names.Default).AreShardedAsync());

        await AssertAcknowledgedAtOnceAsync(messaging);
    }

    [FactWithRedisServer]
    public async Task The_publish_counts_the_listeners_of_the_whole_cluster()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var other = await ConnectionMultiplexer.ConnectAsync(cluster.ConnectionString);
        foreach (var stream in OneOfEachPartition())
        {
            var channel = await new LiveChannels(other, Names.Default).LiveAsync(stream);
            Assert.True(channel.IsSharded);
            Assert.Equal(0, await cluster.Connection.GetDatabase().PublishAsync(channel, "nobody"));
            var live = await other.GetSubscriber().SubscribeAsync(channel, CommandFlags.DemandMaster);

            await messaging.PublishAsync(stream, 1);

            Assert.Equal(1, await cluster.Connection.GetDatabase().PublishAsync(channel, "one"));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            Assert.True(LiveMessage.TryParse((byte[])(await live.ReadAsync(limit.Token)).Message!, out var message));
            Assert.Equal(1, message.Offset);
        }
    }

    [FactWithRedisServer]
    public async Task A_service_that_was_there_before_its_Redis_finds_out_what_kind_it_is()
    {
        await using var processes = new RedisProcesses();
        var (node, single) = (processes.Add("--cluster-enabled", "yes", "--cluster-port", $"{FreePorts.Next()}"), processes.Add());
        await using var toNode = await RedisProcesses.ConnectAsync(node);
        await using var toSingle = await RedisProcesses.ConnectAsync(single);
        var (ofNode, ofSingle) = (new LiveChannels(toNode, Names.Default), new LiveChannels(toSingle, Names.Default));
        Task[] early = [ofNode.AreShardedAsync(), ofSingle.AreShardedAsync()];

        await Task.WhenAll(node.StartAsync(CancellationToken.None), single.StartAsync(CancellationToken.None));

        // Those who asked too early waited, or were told that Redis is away.
        await Task.WhenAll(early.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
        await Eventually.True(() => Answers(ofNode, true), "the node of a cluster to be known as such", TimeSpan.FromSeconds(20));
        await Eventually.True(() => Answers(ofSingle, false), "the single server to be known as such", TimeSpan.FromSeconds(20));

        static async Task<bool> Answers(LiveChannels channels, bool sharded)
        {
            try
            {
                Assert.Equal(sharded, await channels.AreShardedAsync());
                return true;
            }
            catch (RedisException)
            {
                return false;
            }
        }
    }

    [FactWithRedisServer]
    public async Task Replicas_confirm_what_is_published_to_any_of_the_primaries()
    {
        await using var messaging = TestMessaging.On(cluster.Connection, options => options.WaitForReplicas = 1);
        var notifications = OneOfEachPartition().SelectMany(stream => new[] { (stream, TestMessaging.Numbered(1)), (stream, TestMessaging.Numbered(2)) });
        var results = await messaging.Publisher.PublishAsync([.. notifications]);
        Assert.Equal(RedisNames.Partitions, results.Count(result => result.Offset == 2));

        await using var asking = TestMessaging.On(cluster.Connection, options => (options.WaitForReplicas, options.WaitTimeout) = (2, TimeSpan.FromMilliseconds(100)));
        await Assert.ThrowsAsync<NotReplicatedException>(() => asking.PublishAsync(TestMessaging.NewStream(), 1));
    }

    [FactWithRedisServer]
    public async Task Instances_are_registered_and_listed()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        HubInstance[] instances = [new("a", "http://a", false), new("b", "http://b", true)];
        await Task.WhenAll(instances.Select(instance => messaging.Registry.RegisterAsync(instance, TimeSpan.FromMinutes(1))));
        Assert.Equal(instances, await messaging.Registry.ListAsync());

        await messaging.Registry.RemoveAsync("a");
        Assert.Equal([instances[1]], await messaging.Registry.ListAsync());
    }

    private static async Task AssertAcknowledgedAtOnceAsync(TestMessaging messaging)
    {
        StreamName[] streams = [.. OneOfEachPartition()];
        var results = await messaging.Publisher.PublishAsync([.. streams.Select(stream => (stream, TestMessaging.Numbered(1)))]);
        Assert.Equal(streams.Length, results.Count(result => result is { Offset: 1, Duplicate: false }));
        var acknowledgements = streams.Zip(results, (stream, result) =>
            new Acknowledgement(stream, new DeviceName(stream.Id, "laptop"), new Position(result.Epoch, result.Offset)));

        Assert.Empty(await messaging.Log.AcknowledgeAsync([.. acknowledgements]));

        foreach (var stream in streams)
        {
            Assert.Equal(1, (long)await messaging.Database.HashGetAsync(Names.Default.Cursors(stream), "laptop"));
        }
    }

    private static IEnumerable<StreamName> OneOfEachPartition()
    {
        var left = RedisNames.AllPartitions.ToHashSet();
        while (left.Count > 0)
        {
            var stream = TestMessaging.NewStream();
            if (left.Remove(RedisNames.Partition(stream)))
            {
                yield return stream;
            }
        }
    }
}
