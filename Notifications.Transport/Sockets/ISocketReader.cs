namespace Notifications.Transport.Sockets;

/// <summary>Whom the bytes of a socket are for.</summary>
internal interface ISocketReader
{
    /// <summary>There is something to receive, or the end. Never waits: it is called on the loop's thread, which all its sockets share. What it throws is logged, and closes this socket.</summary>
    /// <param name="room">The loop's, for what is passed on before this returns.</param>
    void OnReadable(Span<byte> room);
}
