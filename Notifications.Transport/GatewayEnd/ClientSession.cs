using System.Net.Sockets;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// The gateway's end of a session that goes over a link. Where it can, it takes its client's socket over once that is upgraded, and then passes on both ways by itself; where the
/// client's connection is encrypted or HTTP/2, YARP reads this stream for the client and copies.
/// </summary>
/// <param name="link">The link.</param>
/// <param name="id">The session's number on it.</param>
/// <param name="handover">Of the client's connection; null where bytes can't simply be sent over it.</param>
internal sealed class ClientSession(HubLink link, uint id, SocketHandover? handover) : LinkedSession(link, id), ISocketReader
{
    /// <summary>How long a client may take for what it was sent last.</summary>
    private static readonly TimeSpan LastBytesLimit = TimeSpan.FromSeconds(5);

    /// <summary>The status of an answer after which the bytes are a WebSocket's.</summary>
    private const string Upgraded = "101";
    private const byte OpcodeMask = 0x0F;
    private const byte CloseOpcode = 0x08;

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
    /// <exception cref="IOException">The session ended without one.</exception>
    public Task<LinkHead> Answer => _answer.Task;

    /// <summary>It is not decided yet, until <see cref="TakeClientAsync"/>.</summary>
    public bool IsToTakeClient => _handover is not null && _client is null;

    public bool HasTakenClient => _client is not null;

    /// <summary>Called before what follows the answer is received: the body of a refusal is YARP's to copy.</summary>
    public void Answered(LinkHead head)
    {
        if (head.First != Upgraded)
        {
            lock (Gate)
            {
                (_handover, _unsent) = (null, null);
            }
        }

        _answer.TrySetResult(head);
    }

    /// <summary>Has the client to itself from now on, after what it has sent until now. It is done with when it is disposed.</summary>
    /// <param name="upgraded">The client's stream, which ends with what it has sent until now.</param>
    /// <returns>False: it can't, and the stream is to be copied.</returns>
    public async Task<bool> TakeClientAsync(Stream upgraded)
    {
        var client = _handover!.TryTake();
        if (client is null)
        {
            lock (Gate)
            {
                // Nobody reads yet.
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
            // The hub has closed the session already, which is seen below.
        }
        catch
        {
            // The client's socket is this session's to close: its request has it no more.
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
            // The hub writes whole frames.
            _hubHasClosed |= !_isMidWrite && bytes.Length > 0 && (bytes[0] & OpcodeMask) == CloseOpcode;
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
        try
        {
            lock (Gate)
            {
                if (_untaken is not null && TrySend(default, _untaken))
                {
                    _untaken = null;
                    _client!.Read(this);
                }
            }
        }
        catch (IOException)
        {
            // Who ended the session sees to the client.
        }
    }

    public override void End(Exception? broken)
    {
        _answer.TrySetException(broken as IOException ?? new IOException("The hub closed the session without an answer.", broken));
        base.End(broken);
        TaskCompletionSource? answered;
        WatchedSocket? client;
        bool isSending;
        lock (Gate)
        {
            (answered, client, isSending) = (_answered, _client, _unsent is not null);
        }

        answered?.TrySetResult();
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

    /// <summary>Says goodbye between two writes of the hub's; what the hub sends after that is dropped. A client that does not answer is waited for no longer than the limit.</summary>
    private async Task LeaveAsync(ReadOnlyMemory<byte> goodbye, TimeSpan limit, TimeProvider time)
    {
        TaskCompletionSource answered;
        lock (Gate)
        {
            if (IsClosed || _isLeaving || _hubHasClosed)
            {
                return;
            }

            (_isLeaving, _goodbye) = (true, goodbye);
            _answered = answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            SayGoodbye();
        }

        await Task.WhenAny(answered.Task, Task.Delay(limit, time));
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

    /// <summary>What the client sent; what the hub does not take now it does not send more of.</summary>
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

    /// <summary>Called under the gate. What the client does not take, or what comes before there is one, waits.</summary>
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
            // Not under the gate.
            ThreadPool.UnsafeQueueUserWorkItem(static session => session.DisposeInPool(), this, preferLocal: false);
        }
    }

    /// <summary>What is thrown in the pool ends the process.</summary>
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
        }
        catch (Exception)
        {
            // The client is gone; whatever else it is, nobody sends to it any more.
            Dispose();
        }
    }

    private byte[] TakeUnsent()
    {
        bool isOver;
        byte[] taken;
        lock (Gate)
        {
            taken = _unsent!.ToArray();
            _unsent.SetLength(0);
            _unsent = taken.Length > 0 ? _unsent : null;
            isOver = IsClosed && _unsent is null;
        }

        if (isOver)
        {
            Dispose();
        }

        return taken;
    }

    private async Task DisposeLaterAsync()
    {
        await Task.Delay(LastBytesLimit);
        Dispose();
    }
}
