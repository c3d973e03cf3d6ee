using Microsoft.Data.Sqlite;

namespace Notifications.Tests.Orders;

/// <summary>A SQLite file in a directory of its own, deleted at the end.</summary>
public sealed class OrderDatabaseFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-orders-");

    public string ConnectionString => $"Data Source={Path.Combine(_directory.FullName, "orders.db")}";

    public void Dispose()
    {
        using var connection = new SqliteConnection(ConnectionString);
        SqliteConnection.ClearPool(connection);
        _directory.Delete(recursive: true);
    }
}
