using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class InstanceRegistryTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Instances_come_change_leave_and_expire(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var registry = messaging.Registry;
        var a = new HubInstance("a", "http://127.0.0.1:1", Draining: false);
        var b = new HubInstance("b", "http://127.0.0.1:2", Draining: false);
        Assert.Empty(await registry.ListAsync());

        await registry.RegisterAsync(b, Long);
        await registry.RegisterAsync(a, Long);
        Assert.Equal([a, b], await registry.ListAsync());

        await registry.RegisterAsync(b with { Draining = true }, Long);
        Assert.Equal([a, b with { Draining = true }], await registry.ListAsync());

        await registry.RemoveAsync(b.Id);
        Assert.Equal([a], await registry.ListAsync());

        await registry.RegisterAsync(a, TimeSpan.FromMilliseconds(50));
        await Eventually.True(async () => (await registry.ListAsync()).Count == 0, "the instance to expire");
        Assert.Equal(0, await messaging.Database.SetLengthAsync(RedisNames.Instances));

        await registry.RegisterAsync(a, Long);
        Assert.Equal([a], await registry.ListAsync());
    }
}
