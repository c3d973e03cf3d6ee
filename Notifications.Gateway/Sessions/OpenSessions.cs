using System.Collections.Concurrent;

namespace Notifications.Gateway.Sessions;

/// <summary>The sessions that are open through this gateway: a WebSocket, an event stream, or a long poll under way.</summary>
internal sealed class OpenSessions
{
    private readonly ConcurrentDictionary<OpenSession, bool> _open = new();
    private readonly TimeProvider _time;
    private volatile bool _isEnding;

    public OpenSessions(GatewayTelemetry telemetry, TimeProvider time)
    {
        _time = time;
        telemetry.ObserveSessions(() => _open.Count);
    }

    public int Count => _open.Count;

    public OpenSession Open()
    {
        var session = new OpenSession(closed => _open.TryRemove(closed, out _));
        _open[session] = true;
        if (_isEnding)
        {
            session.End();
        }

        return session;
    }

    /// <summary>Asks each session to end, at a random time within the window. Sessions that are opened from now on are asked at once.</summary>
    public Task EndAsync(TimeSpan window)
    {
        _isEnding = true;
        return Task.WhenAll(_open.Keys.Select(async session =>
        {
            await Task.Delay(window * Random.Shared.NextDouble(), _time);
            session.End();
        }));
    }
}

internal sealed class OpenSession(Action<OpenSession> close) : IDisposable
{
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the session is asked to end.</summary>
    public Task Ending => _ending.Task;

    public void End() => _ending.TrySetResult();

    public void Dispose() => close(this);
}
