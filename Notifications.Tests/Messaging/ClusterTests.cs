using Notifications.Messaging;
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
    public async Task The_publish_counts_the_listeners_of_the_whole_cluster()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var other = await ConnectionMultiplexer.ConnectAsync(cluster.ConnectionString);
        foreach (var stream in OneOfEachPartition())
        {
            var channel = await new LiveChannels(other).LiveAsync(stream);
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
    public async Task Instances_are_registered_and_listed()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        HubInstance[] instances = [new("a", "http://a", false), new("b", "http://b", true)];
        await Task.WhenAll(instances.Select(instance => messaging.Registry.RegisterAsync(instance, TimeSpan.FromMinutes(1))));
        Assert.Equal(instances, await messaging.Registry.ListAsync());

        await messaging.Registry.RemoveAsync("a");
        Assert.Equal([instances[1]], await messaging.Registry.ListAsync());
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
