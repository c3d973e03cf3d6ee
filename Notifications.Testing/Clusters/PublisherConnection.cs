using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Testing.Clusters;

/// <summary>A publisher as a service has it, with a Redis connection of its own.</summary>
internal sealed class PublisherConnection : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private PublisherConnection(ServiceProvider services) => _services = services;

    public NotificationPublisher Publisher => _services.GetRequiredService<NotificationPublisher>();

    public static async Task<PublisherConnection> OpenAsync(string redis)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        // By a factory, so that the container disposes it.
        services.AddSingleton<IConnectionMultiplexer>(_ => connection);
        services.AddNotificationPublisher();
        return new PublisherConnection(services.BuildServiceProvider());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
