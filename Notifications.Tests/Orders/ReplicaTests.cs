using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

/// <summary>Replicas of the order service, as processes, on one database.</summary>
public sealed class ReplicaTests(OrderDatabases databases) : IClassFixture<OrderDatabases>
{
    private const int Replicas = 3;
    private static readonly TimeSpan RelayLimit = TimeSpan.FromSeconds(30);

    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Each_notification_is_published_once_and_each_owners_in_their_order(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        var customers = Customers(setup, await setup.StartServicesAsync(Replicas, patient: true));

        await Task.WhenAll(customers.Select(customer => customer.PlaceAsync(15)));

        await WaitUntilEmptyAsync(database);
        await using var messaging = setup.Messaging;
        var published = await PublishesAsync(messaging.Redis);
        await AssertEachOnceInOrderAsync(database, messaging, customers);
        Assert.Equal(customers.Sum(customer => customer.Due.Count), published);
        Assert.Equal(0, setup.Duplicates());
    }

    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task None_is_lost_doubled_or_reordered_while_Redis_is_paused_and_killed(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        var customers = Customers(setup, await setup.StartServicesAsync(Replicas));
        await using var messaging = setup.Messaging;

        var placing = Task.WhenAll(customers.Select(customer => customer.PlaceAsync(24)));
        await AtLeastAsync(customers, 24);
        setup.Redis.Pause();
        await AtLeastAsync(customers, 120);
        setup.Redis.Resume();
        await AtLeastAsync(customers, 240);
        await setup.Redis.KillAsync();
        await AtLeastAsync(customers, 360);
        await setup.StartRedisAsync();
        await placing;

        await WaitUntilEmptyAsync(database);
        await AssertEachOnceInOrderAsync(database, messaging, customers);
    }

    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task What_a_killed_replica_was_at_is_taken_over_by_another(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        await using var messaging = setup.Messaging;
        var first = (await setup.StartServicesAsync(1)).Single();
        string[] users = [.. Enumerable.Range(0, 6).Select(_ => RedisServers.Unique("owner"))];

        // Alone, and with a Redis that does not answer: it has claimed whatever waits when it is killed.
        setup.Redis.Pause();
        var orders = await Task.WhenAll(users.Select(user => setup.As(first, user).PlacedAsync()));
        await Eventually.True(
            async () => (await database.QueryAsync("""SELECT "Stream" FROM "OutboxClaims" """)).Count == users.Length, "every stream to be claimed");
        await first.KillAsync();
        await setup.StartServicesAsync(1);
        setup.Redis.Resume();

        await WaitUntilEmptyAsync(database);
        foreach (var (user, order) in users.Zip(orders))
        {
            Assert.Equal([$"{order.Id:N}-1"], await messaging.Log.ReadIdsAsync(user));
        }
    }

    /// <summary>Two at a time are the same user.</summary>
    private static Customer[] Customers(OrdersUnderFaults setup, IReadOnlyList<OrderServiceProcess> services) =>
    [
        .. Enumerable.Range(0, 6).Select(_ => RedisServers.Unique("owner")).SelectMany(user => new[] { user, user }).Select(user => new Customer(
            user, [.. services.Select(service => setup.As(service, user))], [.. services.Select(service => setup.As(service, "staff", "staff"))])),
    ];

    private static Task AtLeastAsync(Customer[] customers, int calls) =>
        Eventually.True(() => customers.Sum(customer => customer.Due.Count) >= calls, $"{calls} calls to be answered", RelayLimit);

    private static Task WaitUntilEmptyAsync(OrderDatabase database) =>
        Eventually.True(async () => (await database.WaitingAsync()).Count == 0, "the outbox to be empty", RelayLimit);

    private static async Task AssertEachOnceInOrderAsync(OrderDatabase database, Messaging.TestMessaging messaging, Customer[] customers)
    {
        var all = new List<string>();
        foreach (var own in customers.GroupBy(customer => customer.User))
        {
            var ids = await messaging.Log.ReadIdsAsync(own.Key);
            Assert.All(own, customer => Assert.Equal(customer.Due, ids.Where(customer.Due.Contains)));
            all.AddRange(ids);
        }

        Assert.Equal((await database.CommittedAsync()).Order(), all.Order());
    }

    /// <summary>How often something was published: the script appends what is new, and looks at the lifetime of an id that it knows.</summary>
    private static async Task<long> PublishesAsync(IConnectionMultiplexer redis)
    {
        var statistics = await redis.GetServers().Single().InfoAsync("commandstats");
        return statistics.Single().Where(command => command.Key is "cmdstat_rpush" or "cmdstat_pttl").Sum(command => Calls(command.Value));

        static long Calls(string statistic) => long.Parse(
            statistic.Split(',').Select(pair => pair.Split('=')).Single(pair => pair[0] == "calls")[1], CultureInfo.InvariantCulture);
    }
}
