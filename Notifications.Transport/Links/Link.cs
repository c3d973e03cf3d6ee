using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Notifications.Transport.Links;

/// <summary>One end of a session link: the sessions that go over it, its input and its output.</summary>
internal abstract class Link
{
    private readonly ConcurrentDictionary<uint, LinkedSession> _sessions = new();

    protected Link(ILogger logger) => (Logger, Input) = (logger, new LinkInput(OnFrame));

    public abstract LinkOutput Output { get; }

    public int Count => _sessions.Count;

    protected ILogger Logger { get; }

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

    /// <summary>Called with the request that begins a session.</summary>
    protected abstract void OnOpen(uint id, ReadOnlySpan<byte> head);

    /// <summary>Called when one session failed in an unexpected way. The session ends, and the link goes on.</summary>
    public void OnSessionFailed(Exception exception) => Log.SessionFailed(Logger, exception);

    /// <remarks>Only bytes that are no frame end the link. An exception from a session's frame ends that session only.</remarks>
    private void OnFrame(LinkFrame frame, ReadOnlySpan<byte> payload)
    {
        try
        {
            // Null: this end has closed the session, and the other end did not know that yet when it sent the frame.
            var session = _sessions.GetValueOrDefault(frame.Session);
            switch (frame.Type)
            {
                case FrameType.Ping:
                    Output.Write(FrameType.Pong, 0, default);
                    break;
                case FrameType.Pong:
                    break;
                case FrameType.Open:
                    OnOpen(frame.Session, payload);
                    break;
                case FrameType.Answer:
                    session?.Answered(payload);
                    break;
                case FrameType.Data or FrameType.DataPart:
                    session?.Receive(payload, isPart: frame.Type == FrameType.DataPart);
                    break;
                case FrameType.Credit:
                    session?.Credit(payload);
                    break;
                case FrameType.Close or FrameType.Abort when session is not null:
                    Forget(session);
                    End(session, frame.Type == FrameType.Abort ? new IOException("The other end aborted the session.") : null);
                    break;
            }
        }
        catch (Exception exception)
        {
            Fail(frame.Session, exception);
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
}
