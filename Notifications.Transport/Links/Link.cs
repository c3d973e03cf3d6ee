using System.Collections.Concurrent;

namespace Notifications.Transport.Links;

/// <summary>One end of a session link: the sessions that go over it, its input and its output.</summary>
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
            throw new IOException($"The session {session.Id} exists already on this link.");
        }
    }

    /// <summary>Continues the sessions that waited because the link was congested.</summary>
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

    /// <summary>Ends the output and every session, because the connection is gone.</summary>
    protected void EndSessions(Exception reason)
    {
        Output.End();
        foreach (var (id, session) in _sessions)
        {
            _sessions.TryRemove(id, out _);
            End(session, reason);
        }
    }

    /// <summary>Called with the frame that begins a session (<see cref="FrameType.Open"/>) or answers it (<see cref="FrameType.Answer"/>).</summary>
    protected abstract void OnHead(LinkFrame frame, ReadOnlySpan<byte> payload);

    /// <summary>Called when one session failed in an unexpected way. The session ends, and the link goes on.</summary>
    public abstract void OnSessionFailed(Exception exception);

    /// <remarks>Only bytes that are no frame end the link. An exception from a session's frame ends that session only.</remarks>
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

        // This end has closed the session, and the other end did not know that yet when it sent the frame.
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
