namespace Notifications.Transport.Sockets;

/// <summary>
/// A feature of an HTTP connection and of its requests: other code can take over the socket after an upgrade. Then
/// the request ends, so the server and a proxy free what they hold for it, and the connection goes on.
/// </summary>
internal sealed class SocketHandover(Func<WatchedSocket?> take)
{
    private readonly CancellationTokenSource _released = new();
    private Func<WatchedSocket?>? _take = take;

    public bool IsTaken { get; private set; }

    /// <summary>
    /// Takes over the socket. Only the first call can succeed. After that the server receives nothing. The
    /// caller first has to read from the request, up to its end, what was received until then.
    /// </summary>
    /// <returns>
    /// Null when the connection is over, or when the server has bytes of it that are not yet sent or read. Then the server keeps the connection.
    /// </returns>
    public WatchedSocket? TryTake()
    {
        var socket = Interlocked.Exchange(ref _take, null)?.Invoke();
        IsTaken |= socket is not null;
        return socket;
    }

    /// <summary>Disposes <paramref name="what"/> when <see cref="Release"/> is called, or at once if that has happened.</summary>
    public void Hold(IDisposable what) => _released.Token.UnsafeRegister(static what => ((IDisposable)what!).Dispose(), what);

    /// <summary>To be called when the code that has taken over the socket no longer needs it.</summary>
    public void Release() => _released.Cancel();
}
