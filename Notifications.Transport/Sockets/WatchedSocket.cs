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

    /// <summary>The reader is called whenever there is something, until <see cref="Pause"/>.</summary>
    public void Read(ISocketReader reader)
    {
        lock (_lock)
        {
            _reader = reader;
            Await(_awaited | SocketEvents.Readable);
        }
    }

    /// <summary>The reader is not called any more; a call under way goes on.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            Await(_awaited & ~SocketEvents.Readable);
        }
    }

    /// <inheritdoc cref="NonBlocking.Receive(Socket, Span{byte})"/>
    public int Receive(Span<byte> room) => NonBlocking.Receive(socket, room);

    /// <summary>Sends all of it, however long that takes. Never two at a time.</summary>
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

    /// <summary>By FIN, or by RST if what was sent and not yet received need not be.</summary>
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
                // The system takes out what is closed.
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

    /// <remarks>One of which nothing is awaited is taken out: its end would be told again and again.</remarks>
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
            // The other end was faster.
        }
    }
}
