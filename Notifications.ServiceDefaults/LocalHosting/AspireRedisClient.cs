using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Stands in for Aspire.StackExchange.Redis where the feed lacks it: the same call, the part of it that we use.</summary>
internal static class AspireRedisClient
{
    public static void AddRedisClient(this IHostApplicationBuilder builder, string connectionName, Action<ConfigurationOptions> configureOptions)
    {
        var options = ConfigurationOptions.Parse(builder.Configuration.GetConnectionString(connectionName)!);
        configureOptions(options);
        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
        {
            options.LoggerFactory = services.GetService<Microsoft.Extensions.Logging.ILoggerFactory>();
            return ConnectionMultiplexer.Connect(options);
        });
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddRedisInstrumentation());
        builder.Services.AddHealthChecks().AddCheck<PingHealthCheck>("StackExchange.Redis");
    }

    private sealed class PingHealthCheck(IConnectionMultiplexer redis) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await redis.GetDatabase().PingAsync().WaitAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                return HealthCheckResult.Unhealthy("Redis does not answer.", exception);
            }
        }
    }
}
