using Notifications.Messaging.Registry;
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
        Assert.Equal(0, await messaging.Database.SetLengthAsync(Names.Default.Instances));

        await registry.RegisterAsync(a, Long);
        Assert.Equal([a], await registry.ListAsync());
        await registry.RemoveAsync(a.Id);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task What_an_instance_says_of_itself_is_for_those_who_ask_and_changes_nothing_for_gateways(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var registry = messaging.Registry;
        var quiet = new HubInstance("quiet", "http://127.0.0.1:1", Draining: true);
        var open = new HubInstance("open", "http://127.0.0.1:2", Draining: false);
        var status = new HubStatus
        {
            State = HubState.Serving, StartedAt = DateTimeOffset.UnixEpoch, Connections = 3, Streams = 2, DeliveredPerSecond = 12.5, LagP99Ms = 5, LagMaxMs = 448, RedisMs = 0.8,
        };
        await registry.RegisterAsync(quiet, Long);
        await registry.RegisterAsync(open, Long, status);

        Assert.Equal(
            [new ObservedInstance("open", open.Address, false, status), new ObservedInstance("quiet", quiet.Address, true, null)], await registry.ObserveAsync());
        var listed = await registry.ListAsync();
        await registry.RegisterAsync(open, Long, status with { Connections = 4 });
        Assert.Equal([open, quiet], listed);
        Assert.Equal(listed, await registry.ListAsync());
        await registry.RemoveAsync(open.Id);
        await registry.RemoveAsync(quiet.Id);
    }
}
