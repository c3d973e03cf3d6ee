using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

/// <summary>One order service with its Redis and its database for a test class. Each test has its own users.</summary>
public sealed class OrderServiceFixture : IAsyncLifetime
{
    private readonly GarnetInProcess _redis = new();
    private readonly OrderDatabaseFile _database = new();
    private OrderServiceHost? _host;

    public OrderServiceHost Host => _host ?? throw new InvalidOperationException("The order service has not started.");

    public IConnectionMultiplexer Redis => _redis.Connection;

    public async Task InitializeAsync()
    {
        await _redis.StartAsync();
        _host = await OrderServiceHost.StartAsync(_redis.ConnectionString, _database.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _redis.DisposeAsync();
        _database.Dispose();
    }
}
