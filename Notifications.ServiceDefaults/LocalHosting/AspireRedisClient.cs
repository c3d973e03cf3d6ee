using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Of those of Aspire.StackExchange.Redis the one that we use.</summary>
internal sealed class StackExchangeRedisSettings
{
    public bool DisableTracing { get; set; }
}

/// <summary>Stands in for Aspire.StackExchange.Redis where the feed lacks it: the same call, the part of it that we use.</summary>
internal static class AspireRedisClient
{
    public static void AddRedisClient(this IHostApplicationBuilder builder, string connectionName, Action<StackExchangeRedisSettings> configureSettings, Action<ConfigurationOptions> configureOptions)
    {
        var settings = new StackExchangeRedisSettings();
        configureSettings(settings);
        var options = ConfigurationOptions.Parse(builder.Configuration.GetConnectionString(connectionName)!);
        configureOptions(options);
        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
        {
            options.LoggerFactory = services.GetService<Microsoft.Extensions.Logging.ILoggerFactory>();
            return ConnectionMultiplexer.Connect(options);
        });
        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddRedisInstrumentation());
        }

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
