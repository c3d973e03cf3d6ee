using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Notifications.Tests.Orders;

/// <summary>A database for order services, and what a test looks up in it behind their backs.</summary>
public sealed class OrderDatabase : IDisposable
{
    private readonly DirectoryInfo? _directory;

    private OrderDatabase(OrderDatabaseKind kind, string connectionString, DirectoryInfo? directory) =>
        (Kind, ConnectionString, _directory) = (kind, connectionString, directory);

    public OrderDatabaseKind Kind { get; }

    /// <summary>For <c>ConnectionStrings:orders</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>A SQLite file in a directory of its own, deleted at the end.</summary>
    public static OrderDatabase NewFile()
    {
        var directory = Directory.CreateTempSubdirectory("notifications-orders-");
        return new OrderDatabase(OrderDatabaseKind.Sqlite, $"Data Source={Path.Combine(directory.FullName, "orders.db")}", directory);
    }

    /// <summary>A new database of that server, which ends with it.</summary>
    public static async Task<OrderDatabase> NewOnAsync(PostgreSqlServer server) =>
        new(OrderDatabaseKind.PostgreSql, await server.CreateDatabaseAsync(), directory: null);

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <returns>The first column of each row, as text.</returns>
    public async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetValue(0).ToString()!);
        }

        return values;
    }

    /// <summary>The ids of the notifications that wait to be relayed, in their order.</summary>
    public Task<IReadOnlyList<string>> WaitingAsync() => QueryAsync("""SELECT "Id" FROM "Outbox" ORDER BY "Sequence" """);

    /// <summary>The ids of the notifications of all changes that were committed.</summary>
    public async Task<IReadOnlyList<string>> CommittedAsync() =>
        [.. (await QueryAsync("""SELECT LOWER(CAST("Id" AS text)) || '-' || "Version" FROM "Orders" """)).SelectMany(Ids)];

    public void Dispose()
    {
        if (_directory is not null)
        {
            using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
            _directory.Delete(recursive: true);
        }
    }

    private async Task<DbConnection> OpenAsync()
    {
        DbConnection connection = Kind == OrderDatabaseKind.Sqlite ? new SqliteConnection(ConnectionString) : new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>One for each version up to the present one.</summary>
    private static IEnumerable<string> Ids(string orderAndVersion)
    {
        var version = orderAndVersion.LastIndexOf('-');
        var order = orderAndVersion[..version].Replace("-", "", StringComparison.Ordinal);
        return Enumerable.Range(1, int.Parse(orderAndVersion[(version + 1)..], System.Globalization.CultureInfo.InvariantCulture)).Select(number => $"{order}-{number}");
    }
}
