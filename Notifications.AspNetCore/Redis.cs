using System.Net.Security;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.AspNetCore;

/// <summary>The Redis connection of a service: <c>ConnectionStrings:redis</c>.</summary>
public static class Redis
{
    public const string ConnectionName = "redis";

    /// <summary>
    /// The setting that names a file (PEM) with the certificate authority of the Redis server. It is needed when the machine does not trust that authority.
    /// </summary>
    public const string AuthorityFile = "Redis:CertificateAuthority";

    /// <summary>How long a service waits for Redis at its start. After that it goes on without Redis.</summary>
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(2);

    /// <summary>Options of a connection string that not every connection of a service can support, each with the remedy.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        ["tunnel"] = "Live notifications can't go through it. Name an address that leads to Redis.",
        ["proxy"] = "Live notifications can't go through it. Name an address that leads to Redis.",
        ["channelPrefix"] = "Scripts publish, and it would not stand before their channels. Set Notifications:KeyPrefix, which stands before every key and every channel.",
        ["$"] = "Scripts call commands by the names that Redis gives them. Let the user of the connection string have those.",
    };

    /// <summary>How often a node is asked whether it is a primary. After a fail-over that clients were not told of, nothing else shows the change.</summary>
    private const int RoleCheckSeconds = 2;

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> and <see cref="RedisConnections"/> with tracing. A service also starts without its Redis: the
    /// first try is short, and further tries go on in the background without a time limit.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The connection string is missing or has an option that not every connection can support. Or
    /// <see cref="AuthorityFile"/> names a file that does not exist, or is set while the connection string has no TLS.
    /// </exception>
    public static void AddRedis<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var connectionString = builder.Configuration.GetConnectionString(ConnectionName);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new InvalidOperationException(
                $"The Redis connection string \"{ConnectionName}\" is missing. Set ConnectionStrings__{ConnectionName}, or start the AppHost, which sets it.");
        }

        var given = OptionsIn(connectionString);
        if (given.FirstOrDefault(Refused.ContainsKey) is { } refused)
        {
            throw new InvalidOperationException($"The Redis connection string \"{ConnectionName}\" has {refused}=…. {Refused[refused]} Remove {refused}=… from it.");
        }

        // The client logs every step of every connect. While Redis is away, it logs an error with a stack
        // trace each second for each connection. RedisWatch logs once instead.
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
                // Without an exporter the spans would be useless, and they cost more than a delivery.
                settings.DisableTracing = string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
                // Hubs use their own probes to check whether Redis serves them. Gateways and the order service stay ready while Redis is away: gateways go on
                // with their last list of hubs, and orders wait in the outbox. If they were not ready, all of them would be taken out at once.
                settings.DisableHealthChecks = true;
            },
            options =>
            {
                Configure(options, given);
                var validation = Validation(options, authority);
                options.CertificateValidation += validation;
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

    /// <summary>The names of the options in the connection string. "$" stands for every option that renames a command.</summary>
    private static HashSet<string> OptionsIn(string connectionString) => connectionString.Split(',')
        .Where(part => part.Contains('='))
        .Select(part => part.Trim() is ['$', ..] ? "$" : part.Split('=')[0].Trim())
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets defaults for options that the connection string does not set.</summary>
    private static void Configure(ConfigurationOptions options, HashSet<string> given)
    {
        options.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 500, maxDeltaBackOffMilliseconds: 5_000);
        options.AbortOnConnectFail = given.Contains("abortConnect") && options.AbortOnConnectFail;
        options.ConnectTimeout = given.Contains("connectTimeout") ? options.ConnectTimeout : (int)FirstTry.TotalMilliseconds;
        options.ConnectRetry = given.Contains("connectRetry") ? options.ConnectRetry : 1;
        options.ConfigCheckSeconds = given.Contains("configCheckSeconds") ? options.ConfigCheckSeconds : RoleCheckSeconds;
    }
}
