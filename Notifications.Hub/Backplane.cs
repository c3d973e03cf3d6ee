using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using StackExchange.Redis;

namespace Notifications.Hubs;

/// <summary>
/// SignalR's own backplane, with which <c>Clients</c> and <c>Groups</c> of a hub class reach the clients of every replica. <see cref="NotificationHub"/>
/// has a lifetime manager of its own and is not on it.
/// </summary>
internal static class Backplane
{
    private const string LogCategory = "Microsoft.AspNetCore.SignalR.StackExchangeRedis";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>After <c>AddRedis</c>, whose Redis it uses, with the same options.</summary>
    public static void AddBackplane(this ISignalRServerBuilder signalR, ILoggingBuilder logging)
    {
        signalR.AddStackExchangeRedis();
        signalR.Services.AddOptions<RedisOptions>().Configure<IConnectionMultiplexer, RedisConnections, RedisNames, TimeProvider, IHostApplicationLifetime>(
            // The options of the connections are known once the shared one is made.
            (options, _, connections, names, time, lifetime) => options.ConnectionFactory = _ => ConnectAsync(connections, names, time, lifetime.ApplicationStopping));
        // Errors are its lost connections, with a stack trace for each attempt to connect again. RedisWatch logs the outage once.
        logging.AddFilter(LogCategory, level => level == LogLevel.Warning);
    }

    /// <summary>
    /// Waits until Redis can be reached: with a connection that is not up, the manager of a hub class gives up its subscriptions for good.
    /// A connection of that hub class waits too.
    /// </summary>
    private static async Task<IConnectionMultiplexer> ConnectAsync(RedisConnections connections, RedisNames names, TimeProvider time, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return await connections.ConnectAsync(channelPrefix: RedisChannel.Literal(names.BackplanePrefix));
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                await Task.Delay(RetryInterval, time, stopping);
            }
        }
    }
}
