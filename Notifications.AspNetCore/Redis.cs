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

    /// <summary>Options of a connection string that not every connection of a service could follow, and what to do instead.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        ["tunnel"] = "Live notifications can't go through it. Name an address that leads to Redis.",
        ["proxy"] = "Live notifications can't go through it. Name an address that leads to Redis.",
        ["channelPrefix"] = "Scripts publish, and it would not stand before their channels. Set Notifications:KeyPrefix, which stands before every key and every channel.",
        ["$"] = "Scripts call commands by the names that Redis gives them. Let the user of the connection string have those.",
    };

    /// <summary>How often a node is asked whether it is a primary: after a fail-over without a word to the clients nothing else tells.</summary>
    private const int RoleCheckSeconds = 2;

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> and <see cref="RedisConnections"/> with tracing. A service starts without its Redis: the
    /// first try is short, and the next ones go on in the background for as long as it takes.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The connection string is missing or has an option that not every connection could follow, or <see cref="AuthorityFile"/> names no file or stands beside a connection string without TLS.
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
                Configure(options, given);
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

    /// <summary>The names of the options that it has; "$" for a command that has another name.</summary>
    private static HashSet<string> OptionsIn(string connectionString) => connectionString.Split(',')
        .Where(part => part.Contains('='))
        .Select(part => part.Trim() is ['$', ..] ? "$" : part.Split('=')[0].Trim())
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the connection string does not say.</summary>
    private static void Configure(ConfigurationOptions options, HashSet<string> given)
    {
        options.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 500, maxDeltaBackOffMilliseconds: 5_000);
        options.AbortOnConnectFail = given.Contains("abortConnect") && options.AbortOnConnectFail;
        options.ConnectTimeout = given.Contains("connectTimeout") ? options.ConnectTimeout : (int)FirstTry.TotalMilliseconds;
        options.ConnectRetry = given.Contains("connectRetry") ? options.ConnectRetry : 1;
        options.ConfigCheckSeconds = given.Contains("configCheckSeconds") ? options.ConfigCheckSeconds : RoleCheckSeconds;
    }
}
