using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>The connections of this instance.</summary>
internal sealed class ConnectionDeliveries
{
    private readonly ConcurrentDictionary<string, ConnectionDelivery> _open = new(StringComparer.Ordinal);
    private readonly Func<HubConnectionContext, ConnectionDelivery> _create;

    public ConnectionDeliveries(
        StreamRouter router,
        SubscriptionReader reader,
        AcknowledgementWriter acknowledgements,
        IOptions<DeliveryOptions> options,
        IOptions<SubscriptionLimitOptions> limits,
        DeliveryTelemetry telemetry,
        DeliveryPace pace,
        TimeProvider time,
        RedisFailures failures,
        ILogger<ConnectionDelivery> logger)
    {
        _create = connection => new ConnectionDelivery(
            connection,
            new ConnectionSubscriptions(router, limits.Value.SubscriptionsPerConnection, telemetry),
            new ConnectionWriter(connection, telemetry, pace, time),
            reader, acknowledgements, options.Value.QueueLength, time, failures, logger);
        telemetry.ObserveConnections(() => _open.Count);
        telemetry.ObserveLag(() => pace.Read().LagP99);
    }

    public int Count => _open.Count;

    public ConnectionDelivery Open(HubConnectionContext connection)
    {
        var delivery = _create(connection);
        _open[connection.ConnectionId] = delivery;
        return delivery;
    }

    public async Task CloseAsync(ConnectionDelivery delivery)
    {
        _open.TryRemove(delivery.Connection.ConnectionId, out _);
        await delivery.CloseAsync();
    }

    /// <summary>The user's connections. It looks at every connection, because it is called rarely.</summary>
    public IEnumerable<ConnectionDelivery> Of(string user) => _open.Values.Where(delivery => delivery.Connection.UserIdentifier == user);

    /// <summary>Tells every client to reconnect to another instance, each after its own delay.</summary>
    /// <param name="delay">Returns a client's delay. It is called once for each connection.</param>
    public Task TellToReconnectAsync(Func<TimeSpan> delay) =>
        Task.WhenAll(_open.Values.Select(delivery => delivery.TellToReconnectAsync(delay())));
}
