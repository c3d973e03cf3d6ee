using System.Net;
using Garnet;
using Garnet.server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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
        builder.Services.AddHostedService(services => new Server(redis, services.GetRequiredService<ResourceLoggerService>()));
        builder.Report("Redis", $"Garnet inside the AppHost on {redis.EndPoint}, in memory only, because {why}");
        return builder.AddResource(redis).WithInitialState(new CustomResourceSnapshot
        {
            ResourceType = "Garnet",
            State = KnownResourceStates.Running,
            Properties = [new(CustomResourceKnownProperties.Source, $"{redis.EndPoint}, in memory only")],
        });
    }

    private sealed class Server(EmbeddedRedisResource redis, ResourceLoggerService logs) : IHostedLifecycleService, IDisposable
    {
        private GarnetServer? _server;

        /// <summary>Starts the server before any resource starts.</summary>
        public Task StartingAsync(CancellationToken cancellationToken)
        {
            var options = new GarnetServerOptions
            {
                EndPoints = [redis.EndPoint],
                EnableLua = true,
                LuaTransactionMode = true,
                LuaOptions = new LuaOptions(),
                QuietMode = true,
            };
            _server = new GarnetServer(options, new ResourceLog(logs.GetLogger(redis)));
            _server.Start();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <summary>Stops the server after every resource has stopped, because a draining hub still writes.</summary>
        public Task StoppedAsync(CancellationToken cancellationToken)
        {
            Dispose();
            return Task.CompletedTask;
        }

        public void Dispose() => Interlocked.Exchange(ref _server, null)?.Dispose();
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
