using Notifications.Gateway.Sessions;

namespace Notifications.Gateway.Links;

/// <summary>
/// The body of the answer to a session that goes over a link; for a WebSocket its stream leads both ways, or nowhere once the session has its client to itself.
/// </summary>
internal sealed class LinkedContent(ClientSession session) : StreamOnlyContent
{
    /// <summary>One of the gateway's sessions from now on, which ends with this goodbye when it is asked to.</summary>
    public void Bind(OpenSession open, ReadOnlyMemory<byte> goodbye, TimeProvider time) => session.Bind(open, goodbye, time);

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
