using System.Collections.Concurrent;
using System.IO.Pipes;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Notifications.Transport.Sockets;

/// <summary>
/// One thread that waits for many sockets and reads them itself. It wakes once for everything that has arrived. With .NET's sockets,
/// the waiting thread hands each piece to a thread of the pool, which wakes another thread to look for more. Linux only.
/// </summary>
internal sealed class SocketLoop : IDisposable
{
    private const int Room = 64 * 1024;
    private const long Waker = 0;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Epoll _epoll = new();
    private readonly TransportHealth _health;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<long, WatchedSocket> _sockets = new();
    private readonly AnonymousPipeServerStream _waker = new();
    private long _last = Waker;
    private volatile bool _isDisposed;

    public SocketLoop(string name, TransportHealth health, ILogger logger)
    {
        (_health, _logger) = (health, logger);
        _epoll.Add((int)_waker.ClientSafePipeHandle.DangerousGetHandle(), Waker, SocketEvents.Readable);
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>
    /// Adds a socket to this loop. .NET's own asynchronous calls must not be used on it from now on: its events would wake a thread of .NET as well.
    /// </summary>
    public WatchedSocket Watch(Socket socket)
    {
        var id = Interlocked.Increment(ref _last);
        return _sockets[id] = new WatchedSocket(socket, _epoll, id, () => _sockets.TryRemove(id, out _));
    }

    /// <summary>Ends the thread and closes its sockets.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _waker.WriteByte(1);
    }

    private void Run()
    {
        var room = new byte[Room];
        while (!_isDisposed)
        {
            try
            {
                WorkOnce(room);
            }
            catch (Exception exception)
            {
                // No known error leads here, except perhaps a lack of memory. The sockets have no other thread, so the loop goes on after a pause.
                _health.LoopFailed();
                Log.LoopFailed(_logger, exception);
                Thread.Sleep(PauseAfterFailure);
            }
        }

        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }

        _epoll.Dispose();
        _waker.Dispose();
    }

    private void WorkOnce(Span<byte> room)
    {
        var count = _epoll.Wait();
        WriteBatch.Begin();
        try
        {
            for (var i = 0; i < count; i++)
            {
                // A socket that was closed after the event is no longer there.
                if (_sockets.TryGetValue(_epoll.Id(i), out var socket))
                {
                    Ready(socket, _epoll.Events(i), room);
                }
            }
        }
        finally
        {
            WriteBatch.End();
        }
    }

    /// <summary>Calls the socket's reader. An exception closes this socket only, because the other sockets share the thread.</summary>
    private void Ready(WatchedSocket socket, SocketEvents events, Span<byte> room)
    {
        try
        {
            socket.OnReady(events, room);
        }
        catch (Exception exception)
        {
            Log.ReaderFailed(_logger, exception);
            socket.Close(isReset: true);
        }
    }
}
