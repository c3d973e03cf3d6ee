using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs;

/// <summary>
/// The calls that a client may make. The events for a client (<see cref="ClientEvents"/>) do not go through <c>Clients</c>. They go through its
/// <see cref="ConnectionDelivery"/>, which keeps the order.
/// </summary>
public sealed class NotificationHub(Instance instance, TopicPolicy topics) : Hub
{
    private ConnectionDelivery Delivery => Context.Features.GetRequiredFeature<ConnectionDelivery>();

    public override async Task OnConnectedAsync()
    {
        try
        {
            await Delivery.SubscribeAsync(StreamName.User(Context.UserIdentifier!), since: null);
        }
        catch (HubException exception)
        {
            await Delivery.EndForNowAsync(exception.Message);
        }
    }

    /// <summary>
    /// Delivers a stream to this connection: after <paramref name="since"/>, or else after the device's cursor, or else from now on. A second call for the same
    /// stream replaces the first.
    /// </summary>
    public Task Subscribe(string stream, StreamPosition? since = null) => Delivery.SubscribeAsync(Readable(stream), since?.ToPosition());

    public Task Unsubscribe(string stream) => Delivery.UnsubscribeAsync(Readable(stream));

    /// <summary>
    /// Acknowledges that the device has handled everything up to and including this position. A connection without a device has no cursor to move.
    /// </summary>
    public void Acknowledge(string stream, string epoch, long offset) =>
        Delivery.Acknowledge(Readable(stream), new StreamPosition { Epoch = epoch, Offset = offset }.ToPosition());

    /// <summary>The id of the hub instance that serves this connection.</summary>
    public string Instance() => instance.Id;

    private StreamName Readable(string stream)
    {
        if (!StreamName.TryParse(stream, out var name))
        {
            throw new HubException(StreamName.Refusal(stream));
        }

        var mayRead = name.IsUser ? name.Id == Context.UserIdentifier : topics.MayRead(Context.User!, name);
        return mayRead ? name : throw new HubException($"You may not read the stream {name}.");
    }
}
