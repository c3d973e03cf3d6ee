namespace Notifications.Transport.Sockets;

/// <summary>Receives the bytes of a socket.</summary>
internal interface ISocketReader
{
    /// <summary>
    /// Called when the socket has bytes to receive, or has ended. Must not wait: all sockets of the loop
    /// share its thread. An exception is logged and closes this socket.
    /// </summary>
    /// <param name="room">A buffer of the loop. Its content is valid only until this method returns.</param>
    void OnReadable(Span<byte> room);
}
