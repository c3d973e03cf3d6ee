using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Operators;

/// <summary>The same on a Redis Cluster, where hubs ask and answer over sharded channels.</summary>
public sealed class ClusterTests(RedisCluster cluster) : IClassFixture<RedisCluster>
{
    private readonly string _user = RedisServers.Unique("user");

    [FactWithRedisServer]
    public async Task A_user_is_found_on_both_hubs_and_a_hub_is_drained()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var first = await OperatedSystem.StartHubAsync(cluster.ConnectionString);
        await using var second = await OperatedSystem.StartHubAsync(cluster.ConnectionString);
        using var operators = first.As("olga", TokenNames.OperatorRole);
        await using var here = await first.ConnectAsync(_user, "laptop");
        await using var there = await second.ConnectAsync(_user, "phone");
        await messaging.PublishAsync(Notifications.Messaging.StreamName.User(_user), 2);
        await Eventually.True(() => here.Received.Count == 2 && there.Received.Count == 2, "both notifications on both hubs");

        var found = await operators.FindAsync(_user);
        Assert.Equal(
            [(first.Id, 1), (second.Id, 1)],
            found.GetProperty("instances").EnumerateArray().Select(each => (each.GetProperty("instance").GetString()!, each.GetProperty("connectionCount").GetInt32()))
                .OrderBy(each => each.Item1 == second.Id));
        Assert.Equal(2, found.GetProperty("position").GetProperty("offset").GetInt64());
        await (await operators.PutAsync($"/api/operator/instances/{second.Id}/drain", null)).JsonAsync();
        Assert.Equal("drained", await operators.StateAsync(second.Id));
    }
}
