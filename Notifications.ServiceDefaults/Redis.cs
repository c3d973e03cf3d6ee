using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>The connection that the services share: <c>ConnectionStrings:redis</c>.</summary>
public static class Redis
{
    public const string ConnectionName = "redis";

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> with health check and tracing. It connects in the background and for as
    /// long as it takes, so a service starts before its Redis does.
    /// </summary>
    /// <exception cref="InvalidOperationException">The connection string is missing.</exception>
    public static void AddRedis<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(ConnectionName)))
        {
            throw new InvalidOperationException(
                $"The Redis connection string \"{ConnectionName}\" is missing. Set ConnectionStrings__{ConnectionName}, or start the AppHost, which sets it.");
        }

        builder.AddRedisClient(ConnectionName, configureOptions: Configure);
    }

    private static void Configure(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 500, maxDeltaBackOffMilliseconds: 5_000);
    }
}
