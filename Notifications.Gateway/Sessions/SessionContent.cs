using Notifications.Transport;

namespace Notifications.Gateway.Sessions;

/// <summary>The body of a response that opened a session. For a WebSocket its stream has both directions.</summary>
internal sealed class SessionContent : StreamOnlyContent
{
    private readonly HttpContent _hub;
    private readonly OpenSession _session;
    private readonly IMessageBoundaries _boundaries;
    private readonly TimeProvider _time;

    public SessionContent(HttpContent hub, OpenSession session, IMessageBoundaries boundaries, TimeProvider time)
    {
        (_hub, _session, _boundaries, _time) = (hub, session, boundaries, time);
        foreach (var header in hub.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() => new SessionStream(await _hub.ReadAsStreamAsync(), _session, _boundaries, _time);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _session.Dispose();
            _hub.Dispose();
        }

        base.Dispose(disposing);
    }
}
