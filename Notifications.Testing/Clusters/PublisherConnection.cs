using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using StackExchange.Redis;

namespace Notifications.Testing.Clusters;

/// <summary>A publisher as a service has it, with a Redis connection of its own, and what a driver looks up over the same connection.</summary>
internal sealed class PublisherConnection : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private PublisherConnection(ServiceProvider services) => _services = services;

    public NotificationPublisher Publisher => _services.GetRequiredService<NotificationPublisher>();

    public IConnectionMultiplexer Redis => _services.GetRequiredService<IConnectionMultiplexer>();

    public RedisNames Names => _services.GetRequiredService<RedisNames>();

    public InstanceRegistry Registry => _services.GetRequiredService<InstanceRegistry>();

    public static async Task<PublisherConnection> OpenAsync(string redis, int waitForReplicas = 0)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        // By a factory, so that the container disposes it.
        services.AddSingleton<IConnectionMultiplexer>(_ => connection);
        services.AddNotificationPublisher();
        services.Configure<NotificationOptions>(options => options.WaitForReplicas = waitForReplicas);
        services.AddInstanceRegistry();
        return new PublisherConnection(services.BuildServiceProvider());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
