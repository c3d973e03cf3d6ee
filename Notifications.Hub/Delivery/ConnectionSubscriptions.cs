using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The subscriptions of one connection, at most <paramref name="max"/> (0: no limit). Each is also a member of its stream at the <see cref="StreamRouter"/>.
/// </summary>
internal sealed class ConnectionSubscriptions(StreamRouter router, int max, DeliveryTelemetry telemetry)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<StreamName, Subscription> _subscriptions = [];
    private bool _hasEnded;

    /// <summary>Adds the subscription, in the place of an earlier one to the same stream. It is offered every notification that is published after this returned.</summary>
    /// <exception cref="HubException">The connection has the largest number of subscriptions, or it has ended.</exception>
    public async Task AddAsync(Subscription subscription)
    {
        Subscription? replaced;
        lock (_lock)
        {
            if (_hasEnded)
            {
                throw new HubException("This connection has ended.");
            }

            if (!_subscriptions.Remove(subscription.Stream, out replaced) && max > 0 && _subscriptions.Count >= max)
            {
                telemetry.Refused("subscriptions");
                throw new HubException(
                    $"This connection is subscribed to {max} streams, as many as {SubscriptionLimitOptions.Section}:{nameof(SubscriptionLimitOptions.SubscriptionsPerConnection)} allows. Unsubscribe from one first.");
            }

            _subscriptions[subscription.Stream] = subscription;
        }

        if (replaced is not null)
        {
            await LeaveAsync(replaced);
        }

        await router.AddAsync(subscription);
        if (subscription.IsClosed)
        {
            // The connection ended before the subscription was a member.
            await router.RemoveAsync(subscription);
        }
    }

    /// <summary>The subscription to the stream at this moment; null: there is none.</summary>
    public Subscription? Find(StreamName stream)
    {
        lock (_lock)
        {
            return _subscriptions.GetValueOrDefault(stream);
        }
    }

    /// <summary>Removes this subscription, and not one that has replaced it.</summary>
    public async Task RemoveAsync(Subscription subscription)
    {
        lock (_lock)
        {
            if (_subscriptions.GetValueOrDefault(subscription.Stream) == subscription)
            {
                _subscriptions.Remove(subscription.Stream);
            }
        }

        await LeaveAsync(subscription);
    }

    /// <summary>The subscriptions at this moment.</summary>
    public Subscription[] ToArray()
    {
        lock (_lock)
        {
            return [.. _subscriptions.Values];
        }
    }

    /// <summary>Removes all subscriptions. None can be added after that.</summary>
    /// <returns>The removed subscriptions.</returns>
    public async Task<IReadOnlyList<Subscription>> EndAsync()
    {
        Subscription[] ended;
        lock (_lock)
        {
            _hasEnded = true;
            ended = [.. _subscriptions.Values];
            _subscriptions.Clear();
        }

        foreach (var subscription in ended)
        {
            await LeaveAsync(subscription);
        }

        return ended;
    }

    private Task LeaveAsync(Subscription subscription)
    {
        subscription.IsClosed = true;
        return router.RemoveAsync(subscription);
    }
}
