using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OutboxMetricsTests(RedisServers servers, OrderDatabases databases) : IClassFixture<RedisServers>, IClassFixture<OrderDatabases>
{
    private static readonly (string, string) MeasureOften = ("Outbox:MeasureInterval", "00:00:00.050");

    private readonly string _owner = RedisServers.Unique("owner");

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task While_Redis_is_away_they_show_what_waits_and_for_how_long(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var host = await OrderServiceHost.StartAsync(
            $"127.0.0.1:{FreePorts.Next()},asyncTimeout=200,syncTimeout=200", database.ConnectionString, MeasureOften);
        using var metrics = new RecordedMetrics(host.Meters);
        await Eventually.True(() => metrics["notifications.outbox.depth"] == 0, "an empty outbox to be measured");
        Assert.Equal(0, metrics["notifications.outbox.age"]);

        await host.As(_owner).PlacedAsync();
        await host.As(_owner).PlacedAsync();
        await Eventually.True(() => metrics["notifications.outbox.depth"] == 2, "two that wait");
        await Eventually.True(() => metrics["notifications.outbox.age"] > 0.5, "the oldest to have waited for half a second");
        Assert.InRange(metrics["notifications.outbox.age"]!.Value, 0.5, 60);
        Assert.Null(metrics["notifications.outbox.relayed{duplicate=False}"]);
    }

    [Fact]
    public async Task They_count_what_is_relayed_and_what_is_kept_aside()
    {
        using var database = OrderDatabase.NewFile();
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        await using var host = await OrderServiceHost.StartAsync(redis, database.ConnectionString, MeasureOften, ("Notifications:MaxPayloadBytes", "300"));
        using var metrics = new RecordedMetrics(host.Meters);
        await host.As(_owner).PlacedAsync("Tea");
        await host.As(_owner).PlacedAsync(new string('x', 200));
        await host.As(_owner).PlacedAsync("Coffee");

        await Eventually.True(() => metrics["notifications.outbox.relayed{duplicate=False}"] == 2, "two to be relayed");
        await Eventually.True(() => metrics["notifications.outbox.refused"] == 1, "one to be kept aside");
        await Eventually.True(() => metrics["notifications.outbox.depth"] == 0, "none to wait");

        // As a process that was killed before it removed the row would leave it.
        await database.ExecuteAsync(
            """
            INSERT INTO "Outbox" ("Id", "Stream", "Notification", "CreatedAt")
            SELECT REPLACE(LOWER("Id"), '-', '') || '-1', 'user:' || "Owner", '{"id": "' || REPLACE(LOWER("Id"), '-', '') || '-1", "type": "ORDER_PLACED", "payload": 1}', "CreatedAt"
            FROM "Orders" WHERE "Item" = 'Tea'
            """);
        await Eventually.True(() => metrics["notifications.outbox.relayed{duplicate=True}"] == 1, "one that Redis had already");
        Assert.Equal(2, metrics["notifications.outbox.relayed{duplicate=False}"]);
    }
}
