using System.Net.Sockets;
using Notifications.Gateway.Sessions;
using Notifications.Links;

namespace Notifications.Gateway.Links;

/// <summary>
/// The gateway's end of a session that goes over a link. What the hub sends goes straight to the client's socket once that is known to be idle; YARP, which
/// reads this stream for the client, then only waits for its end. Before that, and where the client's connection is encrypted or HTTP/2, YARP copies it.
/// </summary>
/// <param name="link">The link.</param>
/// <param name="id">The session's number on it.</param>
/// <param name="client">The client's socket; null where bytes can't simply be sent over it.</param>
internal sealed class ClientSession(Link link, uint id, Socket? client) : LinkedSession(link, id)
{
    /// <summary>How long a client may take for what it was sent last.</summary>
    private static readonly TimeSpan LastBytesLimit = TimeSpan.FromSeconds(5);

    private const byte OpcodeMask = 0x0F;
    private const byte CloseOpcode = 0x08;

    private readonly TaskCompletionSource<LinkHead> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadOnlyMemory<byte> _goodbye;
    private MemoryStream? _unsent;
    private OpenSession? _open;
    private bool _isDirect;
    private bool _hasKept;
    private bool _isSending;
    private bool _isMidWrite;
    private bool _hubHasClosed;
    private bool _isLeaving;
    private bool _endsWhenSent;

    /// <summary>The hub's answer to the request.</summary>
    /// <exception cref="IOException">The session ended without one.</exception>
    public Task<LinkHead> Answer => _answer.Task;

    public void Answered(LinkHead head) => _answer.TrySetResult(head);

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

            if (_isDirect)
            {
                SendToClient(bytes);
                SayGoodbye();
                return;
            }

            _hasKept = true;
        }

        Keep(bytes);
        lock (Gate)
        {
            SayGoodbye();
        }
    }

    public override void End(Exception? broken)
    {
        _answer.TrySetException(broken as IOException ?? new IOException("The hub closed the session without an answer.", broken));
        _ended.TrySetResult();
        lock (Gate)
        {
            _endsWhenSent = _isSending && broken is null;
            if (_endsWhenSent)
            {
                _ = EndLaterAsync();
                return;
            }
        }

        base.End(broken);
    }

    /// <summary>One of the gateway's sessions until it is disposed. When it is asked to end, its client is told so.</summary>
    public void Bind(OpenSession open, ReadOnlyMemory<byte> goodbye, TimeProvider time)
    {
        _open = open;
        open.Ending.GetAwaiter().UnsafeOnCompleted(() => _ = LeaveAsync(goodbye, SessionStream.AnswerLimit, time));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _open?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The first that a client sends, it sends because it has read the answer: nothing of this gateway's own is on its way to it any more.</summary>
    protected override void OnWriting(ReadOnlySpan<byte> bytes) => _isDirect |= client is not null && !_hasKept;

    /// <summary>Says goodbye between two writes of the hub's; what the hub sends after that is dropped. A client that does not answer is waited for no longer than the limit.</summary>
    private async Task LeaveAsync(ReadOnlyMemory<byte> goodbye, TimeSpan limit, TimeProvider time)
    {
        lock (Gate)
        {
            if (IsClosed || _isLeaving || _hubHasClosed)
            {
                return;
            }

            (_isLeaving, _goodbye) = (true, goodbye);
            SayGoodbye();
        }

        await Task.WhenAny(_ended.Task, Task.Delay(limit, time));
        CompleteReading(null);
    }

    private void SayGoodbye()
    {
        if (_goodbye.IsEmpty || _isMidWrite)
        {
            return;
        }

        if (_isDirect)
        {
            SendToClient(_goodbye.Span);
        }
        else
        {
            Keep(_goodbye.Span);
        }

        _goodbye = default;
    }

    private void SendToClient(ReadOnlySpan<byte> bytes)
    {
        if (_isSending)
        {
            _unsent!.Write(bytes);
            return;
        }

        try
        {
            var sent = NonBlocking.Send(client!, bytes);
            Took(sent);
            if (sent < bytes.Length)
            {
                _isSending = true;
                _unsent = new MemoryStream();
                _ = SendRestAsync(bytes[sent..].ToArray());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            CompleteReading(new IOException("The client is gone.", exception));
        }
    }

    private async Task SendRestAsync(byte[] rest)
    {
        try
        {
            while (rest.Length > 0)
            {
                for (var sent = 0; sent < rest.Length;)
                {
                    sent += await client!.SendAsync(rest.AsMemory(sent));
                }

                Took(rest.Length);
                rest = TakeUnsent();
            }

            if (_endsWhenSent)
            {
                base.End(null);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            CompleteReading(new IOException("The client is gone.", exception));
        }
    }

    private async Task EndLaterAsync()
    {
        await Task.Delay(LastBytesLimit);
        base.End(new IOException("The client did not take what it was sent last."));
    }

    private byte[] TakeUnsent()
    {
        lock (Gate)
        {
            var taken = _unsent!.ToArray();
            _unsent.SetLength(0);
            _isSending = taken.Length > 0;
            _unsent = _isSending ? _unsent : null;
            return taken;
        }
    }
}
