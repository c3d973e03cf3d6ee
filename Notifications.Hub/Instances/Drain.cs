using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;
using StackExchange.Redis;

namespace Notifications.Hubs.Instances;

/// <summary>
/// An instance's planned move: the gateways are told to send no new clients, and the connected ones are told to come back
/// elsewhere, or closed where they are no clients of <see cref="NotificationHub"/>, spread over a window.
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
    // The last one told leaves at the window's end; its close has to arrive before the host's own.
    public static readonly TimeSpan LastClose = TimeSpan.FromSeconds(1);
    /// <summary>Without Redis there is nothing to deliver to those who have not left yet.</summary>
    private static readonly TimeSpan AwayLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync()
    {
        var window = options.Value.DrainWindow;
        instance.IsStopping = true;
        await heartbeat.RefreshAsync();
        Log.Draining(logger, instance.Id, deliveries.Count, window);
        await deliveries.TellToReconnectAsync(() => window * Random.Shared.NextDouble());
        var others = sessions.EndOthersAsync(window, CancellationToken.None);
        var away = TimeSpan.Zero;
        for (var waited = TimeSpan.Zero; (deliveries.Count > 0 || !others.IsCompleted) && waited < window + LastClose && away < AwayLimit; waited += PollInterval)
        {
            await Task.Delay(PollInterval, time);
            away = redis.IsConnected ? TimeSpan.Zero : away + PollInterval;
        }
    }
}
