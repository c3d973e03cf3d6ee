using System.Collections.Concurrent;

namespace Notifications.Transport.Links;

/// <summary>One end of a session link: the sessions that go over it, and its two halves.</summary>
internal abstract class Link
{
    private readonly ConcurrentDictionary<uint, LinkedSession> _sessions = new();

    protected Link() => Input = new LinkInput(OnFrame);

    public abstract LinkOutput Output { get; }

    public int Count => _sessions.Count;

    protected LinkInput Input { get; }

    public void Forget(LinkedSession session) => _sessions.TryRemove(KeyValuePair.Create(session.Id, session));

    protected void Add(LinkedSession session)
    {
        if (!_sessions.TryAdd(session.Id, session))
        {
            throw new IOException($"The session {session.Id} is there already.");
        }
    }

    /// <summary>Sessions that waited because the link was congested go on.</summary>
    protected void Drained()
    {
        foreach (var session in _sessions.Values)
        {
            try
            {
                session.Continue();
            }
            catch (Exception exception)
            {
                Fail(session.Id, exception);
            }
        }
    }

    /// <summary>The connection is gone, and with it every session.</summary>
    protected void EndSessions(Exception reason)
    {
        Output.End();
        foreach (var (id, session) in _sessions)
        {
            _sessions.TryRemove(id, out _);
            End(session, reason);
        }
    }

    /// <summary>A session begins, or is answered.</summary>
    protected abstract void OnHead(LinkFrame frame, ReadOnlySpan<byte> payload);

    /// <summary>Something of one session went wrong in a way that nobody foresaw. The session is ended, and the link goes on.</summary>
    public abstract void OnSessionFailed(Exception exception);

    /// <remarks>Only what is no frame ends the link. Whatever a session's frame leads to ends that session.</remarks>
    private void OnFrame(LinkFrame frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case FrameType.Ping:
                Output.Write(FrameType.Pong, 0, default);
                return;
            case FrameType.Pong:
                return;
        }

        try
        {
            OnSessionFrame(frame, payload);
        }
        catch (Exception exception)
        {
            Fail(frame.Session, exception);
        }
    }

    private void OnSessionFrame(LinkFrame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Type == FrameType.Open)
        {
            OnHead(frame, payload);
            return;
        }

        // One that this end has closed: the other had not heard of it yet.
        if (!_sessions.TryGetValue(frame.Session, out var session))
        {
            return;
        }

        switch (frame.Type)
        {
            case FrameType.Answer:
                OnHead(frame, payload);
                break;
            case FrameType.Data or FrameType.DataPart:
                session.Receive(payload, isPart: frame.Type == FrameType.DataPart);
                break;
            case FrameType.Credit:
                session.Credit(payload);
                break;
            default:
                Forget(session);
                End(session, frame.Type == FrameType.Abort ? new IOException("The other end aborted the session.") : null);
                break;
        }
    }

    private void Fail(uint id, Exception exception)
    {
        OnSessionFailed(exception);
        Output.Write(FrameType.Abort, id, default);
        if (_sessions.TryRemove(id, out var session))
        {
            End(session, new IOException("The session failed.", exception));
        }
    }

    private void End(LinkedSession session, Exception? reason)
    {
        try
        {
            session.End(reason);
        }
        catch (Exception exception)
        {
            OnSessionFailed(exception);
        }
    }

    protected T? Find<T>(uint session) where T : LinkedSession => _sessions.GetValueOrDefault(session) as T;
}
