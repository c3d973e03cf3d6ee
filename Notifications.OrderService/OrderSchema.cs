using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Notifications.OrderService;

/// <summary>
/// Creates missing tables and indexes before the first request: all of them in a new database, or those of a newer version of the service.
/// Existing tables are not changed. A version that changes a table needs a migration of its own.
/// </summary>
internal sealed class OrderSchema(IDbContextFactory<OrderDb> databases, TimeProvider time, ILogger<OrderSchema> logger) : IHostedService
{
    private const int Attempts = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CreateMissingAsync(cancellationToken);
                return;
            }
            catch (DbException exception) when (attempt < Attempts)
            {
                // Replicas that start at the same time all find the same tables missing, and all but one may fail to create them. They have to check again.
                Log.SchemaNotCreatedYet(logger, attempt, Attempts, exception);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var creator = db.GetService<IRelationalDatabaseCreator>();
        if (!await creator.ExistsAsync(cancellationToken))
        {
            await creator.CreateAsync(cancellationToken);
        }

        if (db.Database.IsSqlite())
        {
            // With WAL, readers and the one writer do not wait for each other. The file keeps this setting. EF Core sets it in a file that it creates.
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);
        }

        var script = creator.GenerateCreateScript()
            .Replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", StringComparison.Ordinal)
            .Replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", StringComparison.Ordinal);
        await db.Database.ExecuteSqlRawAsync(script, cancellationToken);
    }
}
