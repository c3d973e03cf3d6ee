using System.Net;
using Garnet;
using Garnet.server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Notifications.AppHost.Redis;

/// <summary>A Garnet server inside the AppHost process, on a free loopback port. It keeps everything in memory and ends with the AppHost.</summary>
internal sealed class EmbeddedRedisResource(string name, int port) : Resource(name), IResourceWithConnectionString
{
    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, port);

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{EndPoint.ToString()}");
}

internal static class EmbeddedRedis
{
    public static IResourceBuilder<IResourceWithConnectionString> AddEmbeddedRedis(this IDistributedApplicationBuilder builder, string name, string why)
    {
        var redis = new EmbeddedRedisResource(name, FreePort.Next());
        // Disposed with the AppHost's services, so after every resource has stopped: a draining hub still writes.
        builder.Services.AddSingleton(services => CreateServer(redis, services.GetRequiredService<ResourceLoggerService>()));
        builder.OnBeforeStart((start, _) =>
        {
            start.Services.GetRequiredService<GarnetServer>().Start();
            return Task.CompletedTask;
        });
        builder.Report("Redis", $"Garnet inside the AppHost on {redis.EndPoint}, in memory only, because {why}");
        return builder.AddResource(redis).WithInitialState(new CustomResourceSnapshot
        {
            ResourceType = "Garnet",
            State = KnownResourceStates.Running,
            Properties = [new(CustomResourceKnownProperties.Source, $"{redis.EndPoint}, in memory only")],
        });
    }

    private static GarnetServer CreateServer(EmbeddedRedisResource redis, ResourceLoggerService logs)
    {
        var options = new GarnetServerOptions
        {
            EndPoints = [redis.EndPoint],
            EnableLua = true,
            LuaTransactionMode = true,
            LuaOptions = new LuaOptions(),
            QuietMode = true,
        };
        return new GarnetServer(options, new ResourceLog(logs.GetLogger(redis)));
    }

    /// <summary>Shows Garnet's log in the dashboard under its resource.</summary>
    private sealed class ResourceLog(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The resource's log is the only one.");

        public void Dispose()
        {
            // The log belongs to the AppHost.
        }
    }
}
