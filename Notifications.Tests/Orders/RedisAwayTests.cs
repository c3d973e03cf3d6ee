using System.Diagnostics;
using System.Net;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class RedisAwayTests(OrderDatabases databases) : IClassFixture<OrderDatabases>
{
    /// <summary>A call that asks Redis takes as long as Redis is given to answer.</summary>
    private const string GivesUpAfterThreeSeconds = ",asyncTimeout=3000,syncTimeout=3000";
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(2);

    private readonly string _owner = RedisServers.Unique("owner");

    public static TheoryData<OrderDatabaseKind, bool> Outages
    {
        get
        {
            var outages = new TheoryData<OrderDatabaseKind, bool>();
            foreach (var kind in OrderDatabases.InstalledKinds)
            {
                outages.Add(kind, true);
                outages.Add(kind, false);
            }

            return outages;
        }
    }

    [TheoryWithRedisServer]
    [MemberData(nameof(Outages))]
    public async Task Calls_succeed_promptly_and_their_notifications_arrive_when_Redis_is_back(OrderDatabaseKind kind, bool killed)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        await using var host = await OrderServiceHost.StartAsync(setup.Redis.ConnectionString + GivesUpAfterThreeSeconds, database.ConnectionString);
        await using var messaging = setup.Messaging;
        using var owner = host.As(_owner);
        using var staff = host.As("staff", "staff");
        var customer = new Customer(_owner, [owner], [staff]);
        await customer.PlaceAsync(1);
        await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count == 2);

        await (killed ? setup.Redis.KillAsync() : Paused(setup));
        Assert.InRange(await customer.PlaceAsync(3), TimeSpan.Zero, Prompt);
        await Eventually.True(() => host.Logs.All.Any(log => log.Message.Contains("wait in the outbox", StringComparison.Ordinal)), "the relay to find Redis away");
        Assert.InRange(await customer.PlaceAsync(3), TimeSpan.Zero, Prompt);
        Assert.Equal(customer.Due.Skip(2), await database.WaitingAsync());
        using var health = await owner.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);

        await (killed ? setup.StartRedisAsync() : Resumed(setup));
        Assert.Equal(customer.Due, await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count >= customer.Due.Count));
        await Eventually.True(async () => (await database.WaitingAsync()).Count == 0, "the outbox to be empty");
        Assert.Single(host.Logs.All, log => log.Message.Contains("wait in the outbox", StringComparison.Ordinal));
    }

    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task The_service_starts_before_Redis(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        await setup.Redis.KillAsync();
        await using var host = await OrderServiceHost.StartAsync(setup.Redis.ConnectionString + GivesUpAfterThreeSeconds, database.ConnectionString);
        using var owner = host.As(_owner);
        // The first call of a process compiles what the next ones use.
        var orders = new List<OrderView> { await owner.PlacedAsync() };
        var watch = Stopwatch.StartNew();
        orders.Add(await owner.PlacedAsync());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Prompt);

        await setup.StartRedisAsync();
        await using var messaging = setup.Messaging;
        Assert.Equal(orders.Select(order => $"{order.Id:N}-1"), await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count >= orders.Count));
    }

    private static Task Paused(OrdersUnderFaults setup)
    {
        setup.Redis.Pause();
        return Task.CompletedTask;
    }

    private static Task Resumed(OrdersUnderFaults setup)
    {
        setup.Redis.Resume();
        return Task.CompletedTask;
    }
}
