using System.ComponentModel;
using System.Net.Sockets;

namespace Notifications.Transport.Sockets;

/// <summary>A socket that a <see cref="SocketLoop"/> waits for.</summary>
internal sealed class WatchedSocket(Socket socket, Epoll epoll, long id, Action onClosed) : IDisposable
{
    private readonly Lock _lock = new();
    private SocketEvents _awaited;
    private ISocketReader? _reader;
    private TaskCompletionSource? _writable;
    private bool _isClosed;

    public Socket Socket => socket;

    /// <summary>Calls the reader whenever the socket has bytes to receive or has ended, until <see cref="Pause"/>.</summary>
    public void Read(ISocketReader reader)
    {
        lock (_lock)
        {
            _reader = reader;
            Await(_awaited | SocketEvents.Readable);
        }
    }

    /// <summary>Stops calling the reader. A call under way goes on.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            Await(_awaited & ~SocketEvents.Readable);
        }
    }

    /// <inheritdoc cref="NonBlocking.Receive(Socket, Span{byte})"/>
    public int Receive(Span<byte> room) => NonBlocking.Receive(socket, room);

    /// <summary>Sends all bytes, and waits as long as that takes. Only one call at a time.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isMoreToCome = false)
    {
        while (true)
        {
            bytes = bytes[NonBlocking.Send(socket, bytes.Span, isMoreToCome)..];
            if (bytes.IsEmpty)
            {
                return;
            }

            await WritableAsync();
        }
    }

    /// <summary>
    /// Closes the connection with FIN, or with RST if <paramref name="isReset"/>. RST may drop bytes that
    /// were sent and that the other end has not received yet.
    /// </summary>
    public void Close(bool isReset)
    {
        TaskCompletionSource? writable;
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            try
            {
                Await(SocketEvents.None);
            }
            catch (Win32Exception)
            {
                // The system removes a closed socket from epoll itself.
            }

            _isClosed = true;
            (writable, _writable) = (_writable, null);
            if (isReset)
            {
                socket.Close(timeout: 0);
            }
            else
            {
                ShutDown();
                socket.Dispose();
            }
        }

        onClosed();
        writable?.TrySetException(new ObjectDisposedException(nameof(WatchedSocket)));
    }

    public void Dispose() => Close(isReset: false);

    /// <summary>Called by the loop.</summary>
    public void OnReady(SocketEvents events, Span<byte> room)
    {
        const SocketEvents over = SocketEvents.Error | SocketEvents.HangUp;
        TaskCompletionSource? writable = null;
        ISocketReader? reader;
        lock (_lock)
        {
            if ((events & (SocketEvents.Writable | over)) != 0 && _writable is not null)
            {
                (writable, _writable) = (_writable, null);
                Await(_awaited & ~SocketEvents.Writable);
            }

            reader = (events & (SocketEvents.Readable | over)) != 0 && _awaited.HasFlag(SocketEvents.Readable) ? _reader : null;
        }

        writable?.TrySetResult();
        reader?.OnReadable(room);
    }

    private Task WritableAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _writable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Await(_awaited | SocketEvents.Writable);
            return _writable.Task;
        }
    }

    /// <remarks>A socket without awaited events is removed from epoll, which would else report its end again and again.</remarks>
    private void Await(SocketEvents events)
    {
        if (_isClosed || events == _awaited)
        {
            return;
        }

        var descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        if (events == SocketEvents.None)
        {
            epoll.Remove(descriptor);
        }
        else if (_awaited == SocketEvents.None)
        {
            epoll.Add(descriptor, id, events);
        }
        else
        {
            epoll.Change(descriptor, id, events);
        }

        _awaited = events;
    }

    private void ShutDown()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other end has closed the connection already.
        }
    }
}
