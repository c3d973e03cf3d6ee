using Notifications.Hubs.Escalations;
using Notifications.Messaging.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class ShareTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void Each_partition_is_looked_after_by_one_instance(int count)
    {
        var instances = Instances(count);
        Assert.Equal(RedisNames.AllPartitions.Order(), instances.SelectMany(id => EscalationShare.Of(id, instances)).Order());
    }

    [Fact]
    public void When_an_instance_goes_its_partitions_alone_change_hands_and_go_to_several()
    {
        var before = Instances(5);
        var after = before[1..];
        var gained = after.Select(id => EscalationShare.Of(id, after).Except(EscalationShare.Of(id, before)).ToArray()).ToArray();
        Assert.All(after, id => Assert.Empty(EscalationShare.Of(id, before).Except(EscalationShare.Of(id, after))));
        Assert.Equal(EscalationShare.Of(before[0], before).Order(), gained.SelectMany(partitions => partitions).Order());
        Assert.InRange(gained.Count(partitions => partitions.Length > 0), 2, after.Length);
    }

    private static string[] Instances(int count) => [.. Enumerable.Range(1, count).Select(number => $"hub-{number}")];
}
