using Notifications.Transport.GatewayEnd;

namespace Notifications.Transport;

/// <summary>
/// The body of the hub's answer to a session over a link. For a WebSocket its stream has both directions.
/// It is empty once the session has taken over its client's socket.
/// </summary>
internal sealed class TransportedContent(ClientSession session) : StreamOnlyContent
{
    /// <summary>Ends the session when <paramref name="ending"/> completes, and tells its client.</summary>
    /// <param name="ending">Completes when the session has to end.</param>
    /// <param name="goodbye">The bytes that the client gets then, between two messages of the hub.</param>
    /// <param name="answerLimit">How long a client may take to answer. After that the session is ended without an answer.</param>
    /// <param name="open">Disposed when the session is over.</param>
    /// <param name="time">The clock.</param>
    public void Bind(Task ending, ReadOnlyMemory<byte> goodbye, TimeSpan answerLimit, IDisposable open, TimeProvider time) =>
        session.Bind(ending, goodbye, answerLimit, open, time);

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(session.HasTakenClient ? Stream.Null : session);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !session.HasTakenClient)
        {
            session.Dispose();
        }

        base.Dispose(disposing);
    }
}
