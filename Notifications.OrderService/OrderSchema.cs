using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Notifications.OrderService;

/// <summary>
/// Creates, before the first request, whichever tables and indexes the database has not got: all of a new one, or those that came
/// with a later version of the service. What is there stays as it is; a version that changes a table has to bring more than this.
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
                // Replicas that start at once all find something missing, and all but one may fail to create it.
                // They have to look again.
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
            // A property of the file: readers and the one writer do not wait for each other. A new file of EF Core's has it.
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);
        }

        var script = creator.GenerateCreateScript()
            .Replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", StringComparison.Ordinal)
            .Replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", StringComparison.Ordinal);
        await db.Database.ExecuteSqlRawAsync(script, cancellationToken);
    }
}
