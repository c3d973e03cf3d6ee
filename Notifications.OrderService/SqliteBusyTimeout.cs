using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Notifications.OrderService;

/// <summary>
/// Lets SQLite itself wait for its write lock, which only one connection of all processes can have. SQLite tries again after 1 ms, 2 ms, 5 ms
/// and so on. The driver alone would try every 150 ms, which is many times longer than a transaction of this service takes.
/// </summary>
internal sealed class SqliteBusyTimeout : DbConnectionInterceptor
{
    /// <summary>
    /// After this time the driver goes on with its own waits, until the time-out of the command. That is 30 s unless the connection string says otherwise.
    /// </summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

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
