using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Notifications.OrderService;

/// <summary>
/// Registers the database of the orders and their outbox, and its health check. <c>ConnectionStrings:orders</c> names PostgreSQL or a SQLite
/// file. Without it, the database is a SQLite file beside the program.
/// </summary>
internal static class OrderDatabase
{
    private const string ConnectionName = "orders";
    private const string DefaultFile = "orders.db";
    private const string Remedy =
        "Set it to \"Host=<server>;Database=<name>;Username=<user>;Password=<password>\" for PostgreSQL or to \"Data Source=<file>\" for SQLite, or remove it to use " + DefaultFile + ".";

    public static void AddOrderDatabase(this IHostApplicationBuilder builder)
    {
        builder.Services.AddDbContextFactory<OrderDb>(Provider(builder));
        builder.Services.AddHostedService<OrderSchema>();
        builder.Services.AddHealthChecks().AddCheck<ConnectionCheck>("orders database");
    }

    private static Action<DbContextOptionsBuilder> Provider(IHostApplicationBuilder builder)
    {
        var configured = builder.Configuration.GetConnectionString(ConnectionName);
        if (string.IsNullOrWhiteSpace(configured))
        {
            configured = $"Data Source={Path.Combine(builder.Environment.ContentRootPath, DefaultFile)}";
        }

        try
        {
            var keywords = new DbConnectionStringBuilder { ConnectionString = configured };
            if (keywords.ContainsKey("Host") || keywords.ContainsKey("Server"))
            {
                var server = new NpgsqlConnectionStringBuilder(configured).ToString();
                return options => options.UseNpgsql(server);
            }

            var file = new SqliteConnectionStringBuilder(configured).ToString();
            return options => options.UseSqlite(file).AddInterceptors(new SqliteBusyTimeout());
        }
        catch (ArgumentException exception)
        {
            // The value may hold a password, so the message names only the setting and the wrong keyword.
            throw new InvalidOperationException(
                $"ConnectionStrings:{ConnectionName} is no connection string of a database that the order service knows ({exception.Message}) {Remedy}",
                exception);
        }
    }

    private sealed class ConnectionCheck(OrderDb db) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await db.Database.CanConnectAsync(cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The orders database does not answer.");
    }
}
