using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Notifications.OrderService;

/// <summary>
/// Lets SQLite itself wait for its write lock, which one connection has at a time, in all processes together. It looks again after
/// 1 ms, 2 ms, 5 ms …; left to itself the driver would look every 150 ms, many times as long as a transaction of ours takes.
/// </summary>
internal sealed class SqliteBusyTimeout : DbConnectionInterceptor
{
    public static readonly SqliteBusyTimeout Instance = new();

    /// <summary>After this the driver goes on with its own waits, to the end of the command's time-out (30 s unless the connection string says otherwise).</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    private SqliteBusyTimeout()
    {
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        // SQLite has no asynchronous calls.
        Set(connection);
        return Task.CompletedTask;
    }

    private static void Set(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA busy_timeout = {Wait.TotalMilliseconds:0}";
        command.ExecuteNonQuery();
    }
}
