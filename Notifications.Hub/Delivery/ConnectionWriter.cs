using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Transport;

namespace Notifications.Hubs.Delivery;

/// <summary>Sends to one client: through SignalR, or directly over the transport where that takes whole messages (<see cref="IMessageSender"/>).</summary>
internal sealed class ConnectionWriter(HubConnectionContext connection, DeliveryTelemetry telemetry, DeliveryPace pace, TimeProvider time)
{
    private readonly IMessageSender? _sender = connection.GetHttpContext()?.Features.Get<IMessageSender>();
    private readonly bool _isText = connection.Features.Get<ITransferFormatFeature>()?.ActiveFormat != TransferFormat.Binary;
    private readonly string _protocol = connection.Protocol.Name;

    /// <summary>Cancelled when the client is gone.</summary>
    public CancellationToken Gone => connection.ConnectionAborted;

    /// <summary>Sends a notification as the event <c>notification</c>, and moves the subscription to its position.</summary>
    public async ValueTask WriteAsync(Subscription subscription, NotificationFrame frame)
    {
        await SendAsync(frame.In(_protocol));
        subscription.MoveTo(frame.Position);
        var latency = time.GetUtcNow() - frame.Timestamp;
        telemetry.Delivered(latency);
        pace.Delivered(frame.Timestamp >= subscription.CreatedAt ? latency : null);
    }

    public ValueTask TellSubscribedAsync(Subscribed subscribed) => SendAsync(new SerializedHubMessage(new InvocationMessage(ClientEvents.Subscribed, [subscribed])));

    public Task TellToReconnectAsync(TimeSpan delay) =>
        connection.WriteAsync(new InvocationMessage(ClientEvents.Reconnect, [new Reconnect((int)delay.TotalMilliseconds)])).AsTask();

    /// <summary>Closes the connection for a reason that passes: the close message says why, and that the client may reconnect.</summary>
    public async Task EndForNowAsync(string reason)
    {
        await connection.WriteAsync(new CloseMessage(reason, allowReconnect: true));
        CloseForNow();
    }

    /// <summary>Closes the connection without a reason. The client may reconnect.</summary>
    public void CloseForNow() => connection.Features.CloseForNow();

    private ValueTask SendAsync(SerializedHubMessage message) => _sender is null
        ? connection.WriteAsync(message, connection.ConnectionAborted)
        : _sender.SendAsync(message.GetSerializedMessage(connection.Protocol), _isText, connection.ConnectionAborted);
}
