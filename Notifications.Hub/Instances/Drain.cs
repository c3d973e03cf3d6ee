using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;
using StackExchange.Redis;

namespace Notifications.Hubs.Instances;

/// <summary>
/// The drain before an instance stops. Gateways are told to send no new clients. Connected clients are told to reconnect to other instances, spread over a
/// window. Connections to other hub classes than <see cref="NotificationHub"/> are closed instead.
/// </summary>
internal sealed class Drain(
    Instance instance,
    InstanceHeartbeat heartbeat,
    ConnectionDeliveries deliveries,
    TokenSessions sessions,
    IConnectionMultiplexer redis,
    IOptions<InstanceOptions> options,
    TimeProvider time,
    ILogger<Drain> logger) : IDrain
{
    // The last client leaves at the window's end. The close of its connection has to arrive before the host closes it.
    public static readonly TimeSpan LastClose = TimeSpan.FromSeconds(1);
    /// <summary>How long Redis may be away before the drain ends early. Without Redis, nothing can be delivered to the clients that are left.</summary>
    private static readonly TimeSpan AwayLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync()
    {
        var window = options.Value.DrainWindow;
        instance.IsStopping = true;
        await heartbeat.RefreshAsync();
        Log.Draining(logger, instance.Id, deliveries.Count, window);
        await deliveries.TellToReconnectAsync(() => window * Random.Shared.NextDouble());
        var others = sessions.EndAsync(session => !session.IsDelivered, window, CancellationToken.None);
        var away = TimeSpan.Zero;
        for (var waited = TimeSpan.Zero; (deliveries.Count > 0 || !others.IsCompleted) && waited < window + LastClose && away < AwayLimit; waited += PollInterval)
        {
            await Task.Delay(PollInterval, time);
            away = redis.IsConnected ? TimeSpan.Zero : away + PollInterval;
        }
    }
}
