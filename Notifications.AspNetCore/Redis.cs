using System.Net.Security;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.AspNetCore;

/// <summary>The connection that the services share: <c>ConnectionStrings:redis</c>.</summary>
public static class Redis
{
    public const string ConnectionName = "redis";

    /// <summary>A file (PEM) with the certificate authority that signed the server's certificate, where the machine does not trust it.</summary>
    public const string AuthorityFile = "Redis:CertificateAuthority";

    /// <summary>How long a service waits for Redis at its start before it goes on without.</summary>
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(2);

    /// <summary>How often a node is asked whether it is a primary: after a fail-over without a word to the clients nothing else tells.</summary>
    private const int RoleCheckSeconds = 2;

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> and <see cref="RedisConnections"/> with tracing. A service starts without its Redis: the
    /// first try is short, and the next ones go on in the background for as long as it takes.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The connection string is missing, or <see cref="AuthorityFile"/> names no file or stands beside a connection string without TLS.
    /// </exception>
    public static void AddRedis<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(ConnectionName)))
        {
            throw new InvalidOperationException(
                $"The Redis connection string \"{ConnectionName}\" is missing. Set ConnectionStrings__{ConnectionName}, or start the AppHost, which sets it.");
        }

        // It tells every step of every connect, and while Redis is away an error with a stack trace each second for each connection: RedisWatch says it once.
        builder.Logging.AddFilter(typeof(IConnectionMultiplexer).Namespace, LogLevel.None);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<StopBegun>();
        builder.Services.AddHostedService<RedisWatch>();
        var connections = new RedisConnections();
        builder.Services.AddSingleton(connections);
        var authority = builder.Configuration[AuthorityFile];
        builder.AddRedisClient(
            ConnectionName,
            settings =>
            {
                // Spans that nobody would get cost more than a delivery.
                settings.DisableTracing = string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
                // Hubs tell by their probes whether Redis serves them. Gateways and the order service stay ready while Redis is away: gateways go on with
                // their last list of hubs, and orders wait in the outbox. Were they not ready, all of them would be taken out at once.
                settings.DisableHealthChecks = true;
            },
            options =>
            {
                Configure(options);
                var validation = Validation(options, authority);
                if (validation is not null)
                {
                    options.CertificateValidation += validation;
                }

                connections.Use(options, validation);
            });
    }

    private static RemoteCertificateValidationCallback? Validation(ConfigurationOptions options, string? authority)
    {
        if (string.IsNullOrWhiteSpace(authority))
        {
            return null;
        }

        if (!options.Ssl)
        {
            throw new InvalidOperationException(
                $"{AuthorityFile} is set, but the connection string \"{ConnectionName}\" has no ssl=true, so nothing would be encrypted. Add ssl=true, or remove {AuthorityFile}.");
        }

        if (!File.Exists(authority))
        {
            throw new InvalidOperationException($"{AuthorityFile} is \"{authority}\", and there is no such file. It has to be the authority's certificate in PEM.");
        }

        return new CertificateAuthority(authority).Validate;
    }

    private static void Configure(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = (int)FirstTry.TotalMilliseconds;
        options.ConnectRetry = 1;
        options.ConfigCheckSeconds = RoleCheckSeconds;
        options.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 500, maxDeltaBackOffMilliseconds: 5_000);
    }
}
