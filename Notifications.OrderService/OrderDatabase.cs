using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Notifications.OrderService;

/// <summary>Which database holds the orders (<c>ConnectionStrings:orders</c>, else a file), its schema and its health.</summary>
internal static class OrderDatabase
{
    private const string ConnectionName = "orders";
    private const string DefaultFile = "orders.db";

    public static void AddOrderDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = ConnectionString(builder);
        builder.Services.AddDbContext<OrderDb>(options => options.UseSqlite(connectionString));
        builder.Services.AddHostedService<SchemaCreation>();
        builder.Services.AddHealthChecks().AddCheck<ConnectionCheck>("orders database");
    }

    private static string ConnectionString(IHostApplicationBuilder builder)
    {
        var configured = builder.Configuration.GetConnectionString(ConnectionName);
        if (string.IsNullOrWhiteSpace(configured))
        {
            return $"Data Source={Path.Combine(builder.Environment.ContentRootPath, DefaultFile)}";
        }

        try
        {
            return new SqliteConnectionStringBuilder(configured).ToString();
        }
        catch (ArgumentException exception)
        {
            // The value may hold a password, so the message names the setting and the keyword at fault only.
            throw new InvalidOperationException(
                $"ConnectionStrings:{ConnectionName} is no SQLite connection string ({exception.Message}) Set it to \"Data Source=<file>\", or remove it to use {DefaultFile}.",
                exception);
        }
    }

    /// <summary>Creates the tables before the first request where there are none yet.</summary>
    private sealed class SchemaCreation(IServiceScopeFactory scopes, TimeProvider time, ILogger<SchemaCreation> logger) : IHostedService
    {
        private const int Attempts = 10;
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await using var scope = scopes.CreateAsyncScope();
                    await scope.ServiceProvider.GetRequiredService<OrderDb>().Database.EnsureCreatedAsync(cancellationToken);
                    return;
                }
                catch (DbException exception) when (attempt < Attempts)
                {
                    // Replicas that start at once all find no tables, and all but one then fail to create them.
                    // They have to look again.
                    Log.SchemaNotCreatedYet(logger, attempt, Attempts, exception);
                    await Task.Delay(Pause, time, cancellationToken);
                }
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class ConnectionCheck(OrderDb db) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await db.Database.CanConnectAsync(cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The orders database does not answer.");
    }
}
