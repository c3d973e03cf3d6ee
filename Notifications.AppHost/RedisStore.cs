using Microsoft.Extensions.DependencyInjection;
using Notifications.AppHost.Deployment;
using StackExchange.Redis;

namespace Notifications.AppHost;

/// <summary>Chooses the Redis that the system runs on.</summary>
internal static class RedisStore
{
    private const string Name = "redis";
    private const string ConnectionStringKey = $"ConnectionStrings:{Name}";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>The configured server; else a container; else Garnet inside this process, so that nothing has to be installed.</summary>
    /// <exception cref="StartupProblem">A server is configured and does not answer.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisStore(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return builder.AddPublishedRedis(Name);
        }

        if (builder.Configuration[ConnectionStringKey] is { Length: > 0 } configured)
        {
            var servers = CheckAnswer(configured);
            builder.Announce("Redis", $"{servers}, because {ConnectionStringKey} names it");
            return builder.AddConnectionString(Name);
        }

        if (ContainerRuntime.Find() is { } runtime)
        {
            builder.Announce("Redis", $"a container with a data volume, because {runtime} answers and {ConnectionStringKey} is not set");
            return builder.AddDurableRedis(Name);
        }

        var embedded = new EmbeddedRedis();
        builder.Services.AddHostedService(_ => embedded);
        builder.Configuration[ConnectionStringKey] = embedded.ConnectionString;
        builder.Announce("Redis",
            $"Garnet inside the AppHost on {embedded.ConnectionString}, in memory only, because {ConnectionStringKey} is not set and no container runtime answers");
        return builder.AddConnectionString(Name);
    }

    /// <summary>A container that keeps every write in an append-only file, beside the snapshots: docs/reliability.md says what each loses.</summary>
    public static IResourceBuilder<RedisResource> AddDurableRedis(this IDistributedApplicationBuilder builder, string name, string? volume = null) =>
        builder.AddRedis(name).WithDataVolume(volume).WithPersistence().WithArgs(context =>
        {
            // Aspire starts Redis by a shell, whose last argument is the whole command.
            var last = context.Args.Count - 1;
            context.Args[last] = $"{context.Args[last]} --appendonly yes";
        });

    private static string CheckAnswer(string connectionString)
    {
        try
        {
            var options = ConfigurationOptions.Parse(connectionString);
            options.AbortOnConnectFail = true;
            options.ConnectTimeout = (int)AnswerLimit.TotalMilliseconds;
            options.ConnectRetry = 1;
            using var redis = ConnectionMultiplexer.Connect(options);
            redis.GetDatabase().Ping();
            return string.Join(", ", options.EndPoints);
        }
        catch (Exception problem) when (problem is RedisException or ArgumentException or TimeoutException)
        {
            // The connection string may hold a password: only its first part, the server, is shown.
            var server = connectionString.Split(',')[0];
            throw new StartupProblem(
                $"The Redis at \"{server}\" ({ConnectionStringKey}) did not answer a PING within {AnswerLimit.TotalSeconds:0} s. Start it, correct the setting, or remove the setting to run on a Redis of the AppHost's own.");
        }
    }
}
