using Notifications.Transport.GatewayEnd;

namespace Notifications.Transport;

/// <summary>
/// The body of the answer to a session that goes over a link; for a WebSocket its stream leads both ways, or nowhere once the session has its client to itself.
/// </summary>
internal sealed class TransportedContent(ClientSession session) : StreamOnlyContent
{
    /// <summary>Lets the session be ended so that its client is told.</summary>
    /// <param name="ending">Completes when the session is asked to end: between two messages of the hub's the client is sent <paramref name="goodbye"/>.</param>
    /// <param name="goodbye">What is said then.</param>
    /// <param name="answerLimit">A client that does not answer is waited for so long.</param>
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
