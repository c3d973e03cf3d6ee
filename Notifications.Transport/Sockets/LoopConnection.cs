using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Notifications.Transport.Sockets;

/// <summary>A connection of Kestrel. A <see cref="SocketLoop"/> reads its socket, and other code can take the socket over.</summary>
internal sealed class LoopConnection : DefaultConnectionContext, IConnectionSocketFeature, IMemoryPoolFeature, ISocketReader
{
    private readonly WatchedSocket _socket;
    private readonly Pipe _received;
    private readonly Pipe _toSend;
    private readonly Lock _lock = new();

    /// <summary>Never disposed: it has no timer, and the code that ends the connection may still use it late.</summary>
    private readonly CancellationTokenSource _closed = new();

    private Task _sending = Task.CompletedTask;
    private volatile bool _isSending;
    private bool _isHeldUp;
    private bool _hasReceivedAll;
    private bool _isTaken;

    public LoopConnection(WatchedSocket socket, MemoryPool<byte> pool, SocketTransportOptions options)
    {
        (_socket, MemoryPool) = (socket, pool);
        _received = new Pipe(Options(options.MaxReadBufferSize, reader: PipeScheduler.ThreadPool, writer: PipeScheduler.Inline));
        // The thread that writes for Kestrel also sends: a send does not block.
        _toSend = new Pipe(Options(options.MaxWriteBufferSize, reader: PipeScheduler.Inline, writer: PipeScheduler.ThreadPool));
        Transport = new Duplex(_received.Reader, _toSend.Writer);
        (LocalEndPoint, RemoteEndPoint) = (socket.Socket.LocalEndPoint, socket.Socket.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set(new SocketHandover(TryTake));

        PipeOptions Options(long? bound, PipeScheduler reader, PipeScheduler writer) =>
            new(pool, reader, writer, bound ?? 0, bound / 2 ?? 0, useSynchronizationContext: false);
    }

    public Socket Socket => _socket.Socket;

    public MemoryPool<byte> MemoryPool { get; }

    public void Start()
    {
        _sending = SendAsync();
        _socket.Read(this);
    }

    public void OnReadable(Span<byte> room)
    {
        lock (_lock)
        {
            if (_hasReceivedAll || _isHeldUp)
            {
                return;
            }

            try
            {
                var writer = _received.Writer;
                var count = _socket.Receive(writer.GetSpan());
                if (count == 0)
                {
                    EndReceiving(null);
                }
                else if (count > 0)
                {
                    writer.Advance(count);
                    Flush(writer);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                EndReceiving(new ConnectionResetException(exception.Message, exception));
            }
            catch (Exception exception)
            {
                EndReceiving(new ConnectionAbortedException(exception.Message, exception));
                throw;
            }
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _socket.Close(isReset: true);
        EndReceiving(abortReason);
        _toSend.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await _sending;
        await base.DisposeAsync();
    }

    private void Flush(PipeWriter writer)
    {
        var flush = writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            if (flush.Result.IsCompleted)
            {
                EndReceiving(null);
            }

            return;
        }

        _isHeldUp = true;
        _socket.Pause();
        _ = GoOnAsync(flush);
    }

    /// <summary>Waits until Kestrel takes more bytes, and then reads the socket again.</summary>
    private async Task GoOnAsync(ValueTask<FlushResult> flush)
    {
        var result = await flush;
        lock (_lock)
        {
            _isHeldUp = false;
            if (result.IsCompleted)
            {
                EndReceiving(null);
            }
            else if (!_hasReceivedAll)
            {
                _socket.Read(this);
            }
        }
    }

    private void EndReceiving(Exception? reason)
    {
        lock (_lock)
        {
            if (_hasReceivedAll)
            {
                return;
            }

            _hasReceivedAll = true;
            _socket.Pause();
            _received.Writer.Complete(reason);
        }

        _ = _closed.CancelAsync();
    }

    private WatchedSocket? TryTake()
    {
        lock (_lock)
        {
            if (_hasReceivedAll || _isHeldUp || _isSending)
            {
                return null;
            }

            _isTaken = _hasReceivedAll = true;
            _socket.Pause();
            _received.Writer.Complete();
            return _socket;
        }
    }

    private async Task SendAsync()
    {
        Exception? reason = null;
        var reader = _toSend.Reader;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync();
                if (result.IsCanceled)
                {
                    break;
                }

                if (!result.Buffer.IsEmpty)
                {
                    _isSending = true;
                    var left = result.Buffer.Length;
                    foreach (var segment in result.Buffer)
                    {
                        left -= segment.Length;
                        await _socket.SendAsync(segment, isMoreToCome: left > 0);
                    }

                    _isSending = false;
                }

                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            reason = new ConnectionResetException(exception.Message, exception);
        }

        if (!_isTaken)
        {
            _socket.Close(isReset: reason is not null);
        }

        EndReceiving(reason);
        await reader.CompleteAsync(reason);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
