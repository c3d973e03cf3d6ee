using Xunit;

namespace Notifications.Tests.Orders;

public enum OrderDatabaseKind
{
    Sqlite,
    PostgreSql,
}

/// <summary>
/// The databases of one test class (<c>IClassFixture&lt;OrderDatabases&gt;</c>); PostgreSQL is started when first asked for. A
/// theory with <c>[MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]</c> runs on every kind that
/// there is.
/// </summary>
public sealed class OrderDatabases : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1);
    private PostgreSqlServer? _server;

    public static IReadOnlyList<OrderDatabaseKind> InstalledKinds =>
        PostgreSqlServer.IsInstalled ? [OrderDatabaseKind.Sqlite, OrderDatabaseKind.PostgreSql] : [OrderDatabaseKind.Sqlite];

    public static TheoryData<OrderDatabaseKind> Installed => new(InstalledKinds);

    /// <summary>A new, empty database.</summary>
    public async Task<OrderDatabase> CreateAsync(OrderDatabaseKind kind) =>
        kind == OrderDatabaseKind.Sqlite ? OrderDatabase.NewFile() : await OrderDatabase.NewOnAsync(await ServerAsync());

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task<PostgreSqlServer> ServerAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_server is null)
            {
                _server = new PostgreSqlServer();
                await _server.StartAsync();
            }

            return _server;
        }
        finally
        {
            _starting.Release();
        }
    }
}
