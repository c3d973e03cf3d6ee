using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

/// <summary>The order service as a process that gets SIGKILL between the commit of an order and the publish of its notification.</summary>
public sealed class KilledServiceTests(OrderDatabases databases) : IClassFixture<OrderDatabases>
{
    private static readonly TimeSpan RelayLimit = TimeSpan.FromSeconds(30);

    private readonly string[] _owners = [.. Enumerable.Range(0, 8).Select(_ => RedisServers.Unique("owner"))];

    /// <summary>
    /// Redis stands still, so that each kill comes after the commit and before the removal: before anything was sent, as far as the
    /// relay got, or when Redis had everything in its sockets and took it after the kill.
    /// </summary>
    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task What_was_committed_while_Redis_stood_still_is_published_once_after_the_kill(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        await using var messaging = setup.Messaging;
        var service = (await setup.StartServicesAsync(1)).Single();
        HttpClient[] owners = [.. _owners.Select(owner => setup.As(service, owner))];
        foreach (var whenSent in (bool[])[false, true])
        {
            setup.Redis.Pause();
            await Task.WhenAll(owners.Select(owner => owner.PlacedAsync()));
            if (whenSent)
            {
                await Eventually.True(
                    async () => (await database.QueryAsync("""SELECT "Stream" FROM "OutboxClaims" WHERE "Failures" > 0""")).Count == owners.Length,
                    "the relay to give up waiting for the answers");
            }

            await service.KillAsync();
            Assert.Equal(owners.Length, (await database.WaitingAsync()).Count);

            setup.Redis.Resume();
            await OrdersUnderFaults.StartAsync(service);
            await WaitUntilEmptyAsync(database);
            Assert.Equal((await database.CommittedAsync()).Order(), (await PublishedAsync(messaging)).Order());
        }

        // Published by the killed process and again by the next, without effect: at least one of the call that was on its way the second time,
        // behind which the others waited.
        Assert.InRange(setup.Duplicates(), 1, 2 * owners.Length);
    }

    /// <summary>Kills at random moments of a stream of orders, until some have come between a commit and its publish.</summary>
    [TheoryWithRedisServer]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Every_committed_orders_notification_is_published_once_however_often_the_service_is_killed(OrderDatabaseKind kind)
    {
        const int LeastKills = 4;
        const int MostKills = 20;
        using var database = await databases.CreateAsync(kind);
        await using var setup = await OrdersUnderFaults.StartAsync(database);
        await using var messaging = setup.Messaging;
        var service = (await setup.StartServicesAsync(1)).Single();
        using var stopping = new CancellationTokenSource();
        var placed = new Counter();
        var placing = _owners.Select(owner => PlaceUntilStoppedAsync(setup.As(service, owner), placed, stopping.Token)).ToArray();

        var (kills, between) = (0, 0);
        for (; kills < LeastKills || (between == 0 && kills < MostKills); kills++)
        {
            var next = placed.Value + Random.Shared.Next(20, 100);
            await Eventually.True(() => placed.Value >= next, "more orders to be placed", RelayLimit);
            await service.KillAsync();
            var published = await PublishedAsync(messaging);
            between += (await database.WaitingAsync()).Except(published).Count();
            await OrdersUnderFaults.StartAsync(service);
        }

        await stopping.CancelAsync();
        await Task.WhenAll(placing);
        await WaitUntilEmptyAsync(database);

        Assert.True(between > 0, $"None of {kills} kills came between a commit and its publish.");
        var committed = await database.CommittedAsync();
        Assert.InRange(committed.Count, placed.Value, int.MaxValue);
        Assert.Equal(committed.Order(), (await PublishedAsync(messaging)).Order());
    }

    private static async Task PlaceUntilStoppedAsync(HttpClient owner, Counter placed, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await owner.PlacedAsync();
                placed.Add();
            }
            catch (HttpRequestException)
            {
                // Killed, or not up again. Whether the order was committed, the database knows.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private async Task<IReadOnlyList<string>> PublishedAsync(TestMessaging messaging)
    {
        var ids = new List<string>();
        foreach (var owner in _owners)
        {
            ids.AddRange(await messaging.Log.ReadIdsAsync(owner));
        }

        return ids;
    }

    private static Task WaitUntilEmptyAsync(OrderDatabase database) =>
        Eventually.True(async () => (await database.WaitingAsync()).Count == 0, "the outbox to be empty", RelayLimit);

    private sealed class Counter
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Add() => Interlocked.Increment(ref _value);
    }
}
