namespace Notifications.Transport.Sockets;

/// <summary>
/// Lets the socket of an HTTP connection be taken out of the server after an upgrade, as a feature of the connection and of its requests: the request ends, and with it all that the
/// server, and a proxy, keep for one; the connection goes on in other hands.
/// </summary>
internal sealed class SocketHandover(Func<WatchedSocket?> take)
{
    private readonly Lock _lock = new();
    private Func<WatchedSocket?>? _take = take;
    private List<IDisposable>? _held;
    private bool _isOver;

    /// <summary>Somebody else has the socket.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>
    /// Takes it, once. The server receives nothing from then on: who takes it first reads from the request what had come until then, to its end.
    /// </summary>
    /// <returns>Null: not now, as the connection is over or has something left to send. Everything stays as it was.</returns>
    public WatchedSocket? TryTake()
    {
        var socket = Interlocked.Exchange(ref _take, null)?.Invoke();
        IsTaken |= socket is not null;
        return socket;
    }

    /// <summary>Disposes it when whoever took the socket is done with it.</summary>
    public void Hold(IDisposable what)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                (_held ??= new(capacity: 2)).Add(what);
                return;
            }
        }

        what.Dispose();
    }

    /// <summary>Whoever took it is done with it.</summary>
    public void Release()
    {
        List<IDisposable>? held;
        lock (_lock)
        {
            _isOver = true;
            (held, _held) = (_held, null);
        }

        held?.ForEach(what => what.Dispose());
    }
}
