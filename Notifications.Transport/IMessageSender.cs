namespace Notifications.Transport;

/// <summary>
/// A feature of a connection's request: takes whole WebSocket messages beside the WebSocket itself, which spares them SignalR's and the
/// WebSocket's queues. A request without it has only the WebSocket.
/// </summary>
internal interface IMessageSender
{
    /// <summary>Sends a WebSocket message as soon as the client's end takes it; at once if it does now.</summary>
    /// <param name="message">The payload.</param>
    /// <param name="isText">Whether it is text (JSON) or binary.</param>
    /// <param name="cancellationToken">Ends the wait: the connection is gone.</param>
    /// <exception cref="TimeoutException">The client takes nothing.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> message, bool isText, CancellationToken cancellationToken);
}
