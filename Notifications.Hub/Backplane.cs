using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using StackExchange.Redis;

namespace Notifications.Hubs;

/// <summary>
/// SignalR's own backplane. With it, <c>Clients</c> and <c>Groups</c> of a hub class reach the clients of every instance. <see cref="NotificationHub"/> has a
/// lifetime manager of its own and does not use the backplane.
/// </summary>
internal static class Backplane
{
    private const string LogCategory = "Microsoft.AspNetCore.SignalR.StackExchangeRedis";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Call it after <c>AddRedis</c>. The backplane uses the same Redis, with the same options.</summary>
    public static void AddBackplane(this ISignalRServerBuilder signalR, ILoggingBuilder logging)
    {
        signalR.AddStackExchangeRedis();
        signalR.Services.AddOptions<RedisOptions>().Configure<IConnectionMultiplexer, RedisConnections, RedisNames, TimeProvider, IHostApplicationLifetime>(
            // Resolving the multiplexer makes the shared connection. Only then the options of the connections are known.
            (options, _, connections, names, time, lifetime) => options.ConnectionFactory = _ => ConnectAsync(connections, names, time, lifetime.ApplicationStopping));
        // Errors are lost connections, with a stack trace for each attempt to connect again. RedisWatch logs the outage once.
        logging.AddFilter(LogCategory, level => level == LogLevel.Warning);
    }

    /// <summary>
    /// Waits until Redis can be reached. With a connection that is not up, the lifetime manager of a hub class would give up its subscriptions for good.
    /// Connections of that hub class wait too.
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
