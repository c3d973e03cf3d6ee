using Microsoft.Extensions.DependencyInjection;

namespace Notifications.AppHost.Redis;

/// <summary>
/// <c>redis-server</c> or <c>valkey-server</c> from PATH, on a free loopback port. Its append-only file is in the folder of
/// <c>Redis:DataDirectory</c>, by default <c>.data/redis</c> of the repository.
/// </summary>
internal sealed class RedisServerResource(string name, string program, string directory, int port)
    : ExecutableResource(name, program, directory), IResourceWithConnectionString
{
    public ReferenceExpression ConnectionStringExpression { get; } = ReferenceExpression.Create($"{$"127.0.0.1:{port}"}");
}

internal static class RedisServer
{
    private const string DirectoryKey = "Redis:DataDirectory";

    /// <returns>The path of the program. Null when neither program is installed.</returns>
    public static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(directory => new[] { "redis-server", "valkey-server" }, Path.Combine)
            .FirstOrDefault(File.Exists);

    /// <exception cref="StartupProblem">Another AppHost, or a server that an earlier AppHost left behind, uses the data directory.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisServer(
        this IDistributedApplicationBuilder builder, string name, string program, string why)
    {
        var directory = RedisDataDirectory.Take(Path.GetFullPath(Path.Combine(
            builder.AppHostDirectory, builder.Configuration[DirectoryKey] is { Length: > 0 } configured ? configured : "../.data/redis")));
        builder.Services.AddSingleton(directory);
        var port = FreePort.Next();
        var server = new RedisServerResource(name, program, directory.Path, port);
        var check = $"{name}_check";
        builder.Services.AddHealthChecks().AddRedis($"127.0.0.1:{port}", check);
        builder.Report("Redis", $"{Path.GetFileName(program)} on 127.0.0.1:{port} with its data in {directory.Path}, because {why}");
        return builder.AddResource(server)
            .WithArgs("--bind", "127.0.0.1", "--port", $"{port}", "--dir", directory.Path, "--pidfile", directory.ProcessFile, "--appendonly", "yes", "--save", "")
            .WithEndpoint(port: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithHealthCheck(check);
    }
}
