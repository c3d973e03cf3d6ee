using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OrderDatabaseTests(RedisServers servers) : IClassFixture<RedisServers>
{
    [Fact]
    public async Task Services_that_start_at_once_on_a_new_database_all_start()
    {
        using var database = new OrderDatabaseFile();
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

    [Fact]
    public async Task Orders_outlive_the_service()
    {
        using var database = new OrderDatabaseFile();
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
    public async Task A_connection_string_of_another_database_is_refused_without_showing_its_password()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => OrderServiceHost.StartAsync("127.0.0.1:1", "Host=db;Password=secret"));
        Assert.Contains("ConnectionStrings:orders", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Data Source=<file>", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
    }
}
