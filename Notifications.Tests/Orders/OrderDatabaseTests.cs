using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OrderDatabaseTests(RedisServers servers, OrderDatabases databases) : IClassFixture<RedisServers>, IClassFixture<OrderDatabases>
{
    private const string TablesBeforeTheOutbox =
        """
        CREATE TABLE "Orders" (
            "Id" TEXT NOT NULL CONSTRAINT "PK_Orders" PRIMARY KEY,
            "Owner" TEXT NOT NULL,
            "Item" TEXT NOT NULL,
            "Quantity" INTEGER NOT NULL,
            "Status" TEXT NOT NULL,
            "Version" INTEGER NOT NULL,
            "CreatedAt" TEXT NOT NULL,
            "UpdatedAt" TEXT NOT NULL
        );
        CREATE INDEX "IX_Orders_CreatedAt" ON "Orders" ("CreatedAt");
        CREATE INDEX "IX_Orders_Owner_CreatedAt" ON "Orders" ("Owner", "CreatedAt");
        INSERT INTO "Orders" VALUES (
            '0198B6C4-0A5F-7C43-9E0D-5C9A1B2C3D4E', 'alice', 'Teapot', 1, 'Placed', 1, '2025-08-17 10:00:00.123456', '2025-08-17 10:00:00.123456');
        """;

    [FactWithPostgreSql]
    public void Tests_of_the_orders_run_on_PostgreSql_too() => Assert.Equal(2, OrderDatabases.Installed.Count);

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Services_that_start_at_once_on_a_new_database_all_start(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        var hosts = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => OrderServiceHost.StartAsync(redis, database.ConnectionString))));

        var order = await hosts[0].As("alice").PlacedAsync();
        foreach (var host in hosts)
        {
            Assert.Equal([order], await host.As("alice").ListAsync());
            Assert.Equal("Healthy", await host.WithToken(null).GetStringAsync("/health"));
            await host.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Orders_outlive_the_service(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        OrderView order;
        await using (var before = await OrderServiceHost.StartAsync(redis, database.ConnectionString))
        {
            order = await before.As("alice").PlacedAsync();
        }

        await using var after = await OrderServiceHost.StartAsync(redis, database.ConnectionString);
        Assert.Equal([order], await after.As("alice").ListAsync());
    }

    [Fact]
    public async Task A_file_of_the_version_before_the_outbox_gets_one_and_keeps_its_orders()
    {
        using var database = OrderDatabase.NewFile();
        await database.ExecuteAsync(TablesBeforeTheOutbox);
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var host = await OrderServiceHost.StartAsync(redis.ConnectionString, database.ConnectionString);

        var order = Assert.Single(await host.As("alice").ListAsync());
        Assert.Equal(("Teapot", "Placed", DateTimeOffset.Parse("2025-08-17T10:00:00.123456Z")), (order.Item, order.Status, order.CreatedAt));
        var user = RedisServers.Unique("owner");
        var next = await host.As(user).PlacedAsync();
        await using var messaging = TestMessaging.On(redis.Connection);
        Assert.Equal([$"{next.Id:N}-1"], await messaging.Log.WaitForIdsAsync(user, ids => ids.Count > 0));
    }

    [Fact]
    public async Task The_file_is_in_WAL_mode_and_fully_synchronized()
    {
        using var database = OrderDatabase.NewFile();
        // Not as EF Core would create it.
        await database.ExecuteAsync("CREATE TABLE \"Other\" (\"Id\" INTEGER)");
        await using var host = await OrderServiceHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString, database.ConnectionString);
        Assert.Equal(["wal"], await database.QueryAsync("PRAGMA journal_mode"));
        // Not kept in the file: the default of the SQLite that the service is built with.
        Assert.Equal(["2"], await database.QueryAsync("PRAGMA synchronous"));
    }

    [Theory]
    [InlineData("Server=db;Initial Catalog=orders;Password=secret")]
    [InlineData("Host=db;Password=secret;Colour=red")]
    [InlineData("Password=secret;Colour=red")]
    [InlineData("=")]
    public async Task A_connection_string_of_another_database_is_refused_without_showing_its_password(string connectionString)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => OrderServiceHost.StartAsync("127.0.0.1:1", connectionString));
        Assert.Contains("ConnectionStrings:orders", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Data Source=<file>", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Host=<server>", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Makes the test report say that one of the two databases took no part.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class FactWithPostgreSqlAttribute : FactAttribute
    {
        public FactWithPostgreSqlAttribute() =>
            Skip = PostgreSqlServer.IsInstalled ? null : "PostgreSQL's server is not installed, so the tests of the orders ran on SQLite only. Install Debian's package postgresql.";
    }
}
