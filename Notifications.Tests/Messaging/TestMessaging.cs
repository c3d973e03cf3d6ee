using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Log;
using Notifications.Messaging.Registry;
using Notifications.Tests.Redis;
using StackExchange.Redis;

namespace Notifications.Tests.Messaging;

/// <summary>The publisher and the log as a service registers them, on a test's server, with a test's limits.</summary>
internal sealed class TestMessaging : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestMessaging(IConnectionMultiplexer redis, Action<NotificationOptions>? configure, ConfigurationOptions? connection)
    {
        Redis = redis;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton(redis);
        services.AddNotificationPublisher(connection);
        services.AddInstanceRegistry();
        services.AddEscalations();
        services.Configure(configure ?? (_ => { }));
        _services = services.BuildServiceProvider();
    }

    public IConnectionMultiplexer Redis { get; }

    public IDatabase Database => Redis.GetDatabase();

    public NotificationPublisher Publisher => _services.GetRequiredService<NotificationPublisher>();

    public NotificationLog Log => _services.GetRequiredService<NotificationLog>();

    public EscalationSchedule Schedule => _services.GetRequiredService<EscalationSchedule>();

    public PhoneRegistry Phones => _services.GetRequiredService<PhoneRegistry>();

    public InstanceRegistry Registry => _services.GetRequiredService<InstanceRegistry>();

    public static async Task<TestMessaging> OnAsync(RedisServers servers, RedisKind kind, Action<NotificationOptions>? configure = null) =>
        On((await servers.GetAsync(kind)).Connection, configure);

    public static TestMessaging On(IConnectionMultiplexer redis, Action<NotificationOptions>? configure = null, ConfigurationOptions? connection = null) =>
        new(redis, configure, connection);

    /// <summary>A stream that no other test uses.</summary>
    public static StreamName NewStream() => StreamName.User(RedisServers.Unique("user"));

    public static Notification Numbered(int number) => Notification.Create("NUMBERED", new { number });

    /// <summary>Publishes that many numbered notifications, one after the other.</summary>
    public async Task PublishAsync(StreamName stream, int count)
    {
        for (var number = 1; number <= count; number++)
        {
            await Publisher.PublishAsync(stream, Numbered(number));
        }
    }

    /// <summary>As a service does while Redis is away: the same one again until Redis has it.</summary>
    public async Task<PublishResult> PublishUntilTakenAsync(StreamName stream, int number)
    {
        var notification = Numbered(number);
        return await Eventually.Value(
            async () =>
            {
                try
                {
                    return await Publisher.PublishAsync(stream, notification);
                }
                catch (Exception exception) when (exception is RedisException or TimeoutException)
                {
                    return null;
                }
            },
            "Redis to take a notification",
            TimeSpan.FromSeconds(30));
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
