using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

/// <summary>
/// One order service on each kind of database that there is, and one Redis for both, for a test class. Each test has its own users.
/// </summary>
public sealed class OrderServiceFixture : IAsyncLifetime
{
    private readonly GarnetInProcess _redis = new();
    private readonly OrderDatabases _databases = new();
    private readonly Dictionary<OrderDatabaseKind, (OrderDatabase Database, OrderServiceHost Host)> _services = [];

    /// <summary>For tests of what no database has a part in.</summary>
    public OrderServiceHost Host => On(OrderDatabaseKind.Sqlite);

    public IConnectionMultiplexer Redis => _redis.Connection;

    public OrderServiceHost On(OrderDatabaseKind kind) => _services[kind].Host;

    public async Task InitializeAsync()
    {
        await _redis.StartAsync();
        foreach (var kind in OrderDatabases.InstalledKinds)
        {
            var database = await _databases.CreateAsync(kind);
            _services[kind] = (database, await OrderServiceHost.StartAsync(_redis.ConnectionString, database.ConnectionString));
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var (database, host) in _services.Values)
        {
            await host.DisposeAsync();
            database.Dispose();
        }

        await _databases.DisposeAsync();
        await _redis.DisposeAsync();
    }
}
