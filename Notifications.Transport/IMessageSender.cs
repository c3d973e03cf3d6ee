namespace Notifications.Transport;

/// <summary>
/// A feature of a request that begins a session over a link. It sends whole WebSocket messages without the queues of SignalR and of the
/// WebSocket. A request without this feature has only the WebSocket.
/// </summary>
internal interface IMessageSender
{
    /// <summary>Sends a WebSocket message at once if the session takes it now, else as soon as the session takes it.</summary>
    /// <exception cref="TimeoutException">The client took nothing for the send timeout. The session is aborted.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> message, bool isText, CancellationToken cancellationToken);
}
