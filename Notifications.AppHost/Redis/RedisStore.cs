using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost.Redis;

/// <summary>Chooses the Redis that the system runs on.</summary>
internal static class RedisStore
{
    private const string KindKey = "Redis:Kind";

    /// <summary>
    /// Adds the kind of Redis that <c>Redis:Kind</c> names, else the first that is possible: the configured server, a container, a server from
    /// PATH, Garnet inside this process. When published, it is a connection string that the deployment has to set.
    /// </summary>
    /// <exception cref="StartupProblem">The kind is unknown or not possible here, or the server is configured and does not answer.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisStore(this IDistributedApplicationBuilder builder, string name)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return builder.AddConnectionString(name);
        }

        var (wanted, why) = Wanted(builder.Configuration);
        if (wanted is RedisKind.Configured or null && builder.HasConfiguredRedis(name))
        {
            return builder.AddConfiguredRedis(name);
        }

        if (wanted is RedisKind.Container or null && ContainerRedis.FindRuntime() is { } runtime)
        {
            return builder.AddContainerRedis(name, why ?? $"{runtime} answers and ConnectionStrings:{name} is not set");
        }

        if (wanted is RedisKind.Server or null && RedisServer.FindProgram() is { } program)
        {
            return builder.AddRedisServer(name, program, why ?? $"it is on PATH, ConnectionStrings:{name} is not set, and no container runtime answers");
        }

        return wanted is RedisKind.Embedded or null
            ? builder.AddEmbeddedRedis(name, why ?? $"ConnectionStrings:{name} is not set, no container runtime answers, and no redis-server or valkey-server is on PATH")
            : throw new StartupProblem($"{KindKey} is {wanted}, and {Missing(wanted.Value, name)}, or remove {KindKey} to run on whatever this machine has.");
    }

    private static (RedisKind? Kind, string? Why) Wanted(IConfiguration configuration)
    {
        var configured = configuration[KindKey];
        if (string.IsNullOrWhiteSpace(configured))
        {
            return (null, null);
        }

        return Enum.TryParse<RedisKind>(configured, ignoreCase: true, out var kind) && Enum.IsDefined(kind) && !int.TryParse(configured, out _)
            ? (kind, $"{KindKey} says so")
            : throw new StartupProblem($"{KindKey} is \"{configured}\" and has to be one of {string.Join(", ", Enum.GetNames<RedisKind>())}, or be left out.");
    }

    private static string Missing(RedisKind kind, string name) => kind switch
    {
        RedisKind.Configured => $"ConnectionStrings:{name} is not set. Set it",
        RedisKind.Container => "neither \"docker info\" nor \"podman info\" succeeds. Start a container engine",
        _ => "neither redis-server nor valkey-server is on PATH. Install one, on Debian with apt-get install redis-server",
    };
}
