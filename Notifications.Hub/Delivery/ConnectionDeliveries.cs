using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Limits;

namespace Notifications.Hubs.Delivery;

/// <summary>The connections of this instance.</summary>
internal sealed class ConnectionDeliveries
{
    private readonly ConcurrentDictionary<string, ConnectionDelivery> _open = new(StringComparer.Ordinal);
    private readonly Func<HubConnectionContext, ConnectionDelivery> _create;

    public ConnectionDeliveries(
        StreamRouter router,
        LogReader log,
        AcknowledgementWriter acknowledgements,
        IOptions<DeliveryOptions> options,
        IOptions<ConnectionLimitOptions> limits,
        UnusedTopicLimit unusedTopics,
        HubTelemetry telemetry,
        DeliveryPace pace,
        TimeProvider time,
        RedisFailures failures,
        ILogger<ConnectionDelivery> logger)
    {
        _create = connection => new ConnectionDelivery(
            connection, router, log, acknowledgements, options.Value, limits.Value.SubscriptionsPerConnection, unusedTopics, telemetry, pace, time, failures, logger);
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
        _open.TryRemove(delivery.ConnectionId, out _);
        await delivery.CloseAsync();
    }

    /// <summary>The user's connections. Looks at each there is: it is asked rarely.</summary>
    public IEnumerable<ConnectionDelivery> Of(string user) => _open.Values.Where(delivery => delivery.User == user);

    /// <summary>Tells every client to come back elsewhere, each after its own delay.</summary>
    /// <param name="delay">Called once a connection.</param>
    public Task TellToReconnectAsync(Func<TimeSpan> delay) =>
        Task.WhenAll(_open.Values.Select(delivery => delivery.TellToReconnectAsync(delay())));
}
