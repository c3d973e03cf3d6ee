using System.Net.Sockets;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// The gateway's end of a session that goes over a link. After the upgrade it takes over its client's socket if it can, and passes on the bytes
/// of both directions itself. If the client's connection is encrypted or HTTP/2, YARP copies between the client and this stream.
/// </summary>
internal sealed class ClientSession(HubLink link, uint id, SocketHandover? handover)
    : LinkedSession(link, id, Timeout.InfiniteTimeSpan), ISocketReader
{
    /// <summary>How long a client may take, after the hub has closed the session, to receive the bytes that still wait for it.</summary>
    private static readonly TimeSpan LastBytesLimit = TimeSpan.FromSeconds(5);

    /// <summary>The status of an answer that WebSocket frames follow.</summary>
    private const string Upgraded = "101";

    private readonly TaskCompletionSource<LinkHead> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SocketHandover? _handover = handover;
    private WatchedSocket? _client;
    private ReadOnlyMemory<byte> _goodbye;
    private MemoryStream? _unsent = handover is null ? null : new MemoryStream();
    private byte[]? _untaken;
    private IDisposable? _open;
    private TaskCompletionSource? _answered;
    private bool _isMidWrite;
    private bool _hubHasClosed;
    private bool _isLeaving;

    /// <summary>The hub's answer to the request.</summary>
    /// <exception cref="IOException">The session ended without an answer.</exception>
    public Task<LinkHead> Answer => _answer.Task;

    /// <summary>Whether the session may still take over its client's socket: <see cref="TakeClientAsync"/> decides.</summary>
    public bool IsToTakeClient => _handover is not null && _client is null;

    public bool HasTakenClient => _client is not null;

    public override void Answered(ReadOnlySpan<byte> head)
    {
        var answer = LinkHead.Parse(head);
        if (answer.First != Upgraded)
        {
            // YARP copies the body of a refusal to the client.
            lock (Gate)
            {
                (_handover, _unsent) = (null, null);
            }
        }

        _answer.TrySetResult(answer);
    }

    /// <summary>
    /// Takes over the client's socket until the session is disposed. First passes on to the hub what the client has sent until now.
    /// </summary>
    /// <param name="upgraded">The client's stream. Once the socket is taken over, it ends after the bytes that the client has sent until now.</param>
    /// <returns>False when the socket can't be taken over: the caller has to copy the stream.</returns>
    public async Task<bool> TakeClientAsync(Stream upgraded)
    {
        var client = _handover!.TryTake();
        if (client is null)
        {
            lock (Gate)
            {
                // Keep is safe under the gate here, because nobody reads yet.
                Keep(_unsent!.ToArray());
                (_handover, _unsent) = (null, null);
            }

            return false;
        }

        try
        {
            await upgraded.CopyToAsync(this);
        }
        catch (IOException)
        {
            // The hub has closed the session already. The code below handles that.
        }
        catch
        {
            // This session has to close the client's socket: the client's request no longer owns it.
            lock (Gate)
            {
                _client = client;
                link.CountTaken(1);
            }

            Dispose();
            throw;
        }

        bool isOver;
        lock (Gate)
        {
            _client = client;
            link.CountTaken(1);
            var early = _unsent!.ToArray();
            _unsent = null;
            if (early.Length > 0)
            {
                SendToClient(early);
            }

            isOver = IsClosed && _unsent is null;
        }

        if (isOver)
        {
            Dispose();
        }
        else
        {
            client.Read(this);
        }

        return true;
    }

    public override void Receive(ReadOnlySpan<byte> bytes, bool isPart)
    {
        lock (Gate)
        {
            // The hub writes whole frames, so the first byte of a write is the head of a frame.
            _hubHasClosed |= !_isMidWrite && bytes.Length > 0 && WebSocketHead.IsClose(bytes[0]);
            _isMidWrite = isPart;
            if (_isLeaving && _goodbye.IsEmpty)
            {
                return;
            }

            if (_handover is not null)
            {
                SendToClient(bytes);
                SayGoodbye();
                return;
            }
        }

        Keep(bytes);
        lock (Gate)
        {
            SayGoodbye();
        }
    }

    public void OnReadable(Span<byte> room)
    {
        try
        {
            var count = _client!.Receive(room);
            if (count == 0)
            {
                Dispose();
            }
            else if (count > 0)
            {
                PassOn(room[..count]);
            }
        }
        catch (Exception exception)
        {
            Dispose();
            if (exception is not (IOException or SocketException or ObjectDisposedException))
            {
                throw;
            }
        }
    }

    public override void Continue()
    {
        base.Continue();
        lock (Gate)
        {
            if (_untaken is not null && !IsClosed && TrySend(default, _untaken))
            {
                _untaken = null;
                _client!.Read(this);
            }
        }
    }

    public override void End(Exception? broken)
    {
        _answer.TrySetException(broken as IOException ?? new IOException("The hub closed the session without an answer.", broken));
        base.End(broken);
        WatchedSocket? client;
        bool isSending;
        lock (Gate)
        {
            _answered?.TrySetResult();
            (client, isSending) = (_client, _unsent is not null);
        }

        if (client is null)
        {
            return;
        }

        if (broken is not null)
        {
            client.Close(isReset: true);
        }
        else if (isSending)
        {
            _ = DisposeLaterAsync();
            return;
        }

        Dispose();
    }

    /// <inheritdoc cref="TransportedContent.Bind"/>
    public void Bind(Task ending, ReadOnlyMemory<byte> goodbye, TimeSpan answerLimit, IDisposable open, TimeProvider time)
    {
        _open = open;
        ending.GetAwaiter().UnsafeOnCompleted(() => _ = LeaveAsync(goodbye, answerLimit, time));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _open?.Dispose();
            WatchedSocket? client;
            SocketHandover? handover;
            lock (Gate)
            {
                (client, handover, _handover) = (_client, _handover, null);
            }

            client?.Dispose();
            if (client is not null && handover is not null)
            {
                link.CountTaken(-1);
                handover.Release();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// Sends the goodbye to the client between two writes of the hub. What the hub sends after that is dropped. The
    /// client's answer makes the hub end the session. Without an answer, the session ends after the limit.
    /// </summary>
    private async Task LeaveAsync(ReadOnlyMemory<byte> goodbye, TimeSpan limit, TimeProvider time)
    {
        lock (Gate)
        {
            if (IsClosed || _isLeaving || _hubHasClosed)
            {
                return;
            }

            (_isLeaving, _goodbye) = (true, goodbye);
            _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            SayGoodbye();
        }

        await Task.WhenAny(_answered.Task, Task.Delay(limit, time));
        if (HasTakenClient)
        {
            Dispose();
        }
        else
        {
            CompleteReading(null);
        }
    }

    private void SayGoodbye()
    {
        if (_goodbye.IsEmpty || _isMidWrite)
        {
            return;
        }

        if (_handover is not null)
        {
            SendToClient(_goodbye.Span);
        }
        else
        {
            Keep(_goodbye.Span);
        }

        _goodbye = default;
    }

    /// <summary>Passes on to the hub what the client sent. When the hub takes no more, nothing more is read from the client.</summary>
    private void PassOn(ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            if (!TrySend(default, bytes))
            {
                _untaken = bytes.ToArray();
                _client!.Pause();
            }
        }
    }

    /// <summary>Sends to the client. Bytes wait when the client takes no more now, or when its socket is not taken over yet. Called under the gate.</summary>
    private void SendToClient(ReadOnlySpan<byte> bytes)
    {
        if (_unsent is not null)
        {
            _unsent.Write(bytes);
            return;
        }

        try
        {
            var sent = NonBlocking.Send(_client!.Socket, bytes);
            Took(sent);
            if (sent < bytes.Length)
            {
                _unsent = new MemoryStream();
                _ = SendRestAsync(bytes[sent..].ToArray());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // On another thread, because this one holds the gate.
            ThreadPool.UnsafeQueueUserWorkItem(static session => session.DisposeInPool(), this, preferLocal: false);
        }
    }

    /// <summary>Catches every exception: an exception on a pool thread would end the process.</summary>
    private void DisposeInPool()
    {
        try
        {
            Dispose();
        }
        catch (Exception exception)
        {
            link.OnSessionFailed(exception);
        }
    }

    private async Task SendRestAsync(byte[] rest)
    {
        try
        {
            while (rest.Length > 0)
            {
                await _client!.SendAsync(rest);
                Took(rest.Length);
                rest = TakeUnsent();
            }

            bool isOver;
            lock (Gate)
            {
                // More may wait by now. Then another call sends it.
                isOver = IsClosed && _unsent is null;
            }

            if (isOver)
            {
                Dispose();
            }
        }
        catch (Exception)
        {
            // The client is usually gone. After any other error, nothing more can be sent to it either.
            Dispose();
        }
    }

    private byte[] TakeUnsent()
    {
        lock (Gate)
        {
            var taken = _unsent!.ToArray();
            _unsent.SetLength(0);
            _unsent = taken.Length > 0 ? _unsent : null;
            return taken;
        }
    }

    private async Task DisposeLaterAsync()
    {
        await Task.Delay(LastBytesLimit);
        Dispose();
    }
}
