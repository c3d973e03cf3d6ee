using System.Net.Sockets;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.Links;

/// <summary>
/// The sending half of a session link. A write is sent at once, or together with the other writes of the thread's <see cref="WriteBatch"/>. Bytes that
/// the network does not take then are sent later. The order of the writes is kept.
/// </summary>
/// <param name="socket">Sends without waiting. Null when the connection is encrypted, or when its socket is not taken over.</param>
/// <param name="sendAsync">Sends all bytes that it gets, and waits as long as that takes.</param>
/// <param name="onDrained">Called when a congestion is over.</param>
/// <param name="onBroken">Called when the connection broke.</param>
internal sealed class LinkOutput(
    Socket? socket, Func<ReadOnlyMemory<byte>, ValueTask> sendAsync, Action onDrained, Action<Exception> onBroken) : IFlushable
{
    private const int SmallBuffer = 16 * 1024;

    /// <summary>More bytes than this are sent without waiting for the end of the batch, so that the other end can begin with them.</summary>
    private const int Full = 128 * 1024;

    /// <summary>When more bytes than this wait, the link is congested: sessions do not write until the congestion is over.</summary>
    private const int Congestion = 1024 * 1024;

    private readonly Lock _lock = new();
    private byte[] _written = new byte[SmallBuffer];
    private byte[] _spare = [];
    private int _length;
    private bool _isPutOff;
    private bool _isSending;
    private bool _isEnded;
    private bool _isCongested;

    /// <summary>
    /// Too many bytes wait, because the other end does not read or the network is too slow. Sessions keep what they have to send until the congestion is over.
    /// </summary>
    public bool IsCongested => Volatile.Read(ref _isCongested);

    public bool IsEnded => Volatile.Read(ref _isEnded);

    /// <exception cref="ArgumentException">The payload is longer than the other end takes. Such a frame would end the link.</exception>
    public void Write(FrameType type, uint session, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default)
    {
        if (payload.Length + more.Length > LinkFrame.MaxLength)
        {
            throw new ArgumentException(
                $"A frame of a session link holds up to {LinkFrame.MaxLength} bytes, and this {type} has {payload.Length + more.Length}.", nameof(payload));
        }

        bool isAlone;
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            Append(new LinkFrame(type, session, payload.Length + more.Length), payload, more);
            isAlone = !_isSending && (_length > Full || (!_isPutOff && !(_isPutOff = WriteBatch.PutOff(this))));
        }

        if (isAlone)
        {
            Flush();
        }
    }

    public void Flush()
    {
        try
        {
            bool isLeft;
            lock (_lock)
            {
                _isPutOff = false;
                if (_isSending || _isEnded || _length == 0)
                {
                    return;
                }

                var sent = socket is null ? 0 : NonBlocking.Send(socket, _written.AsSpan(0, _length));
                _written.AsSpan(sent, _length - sent).CopyTo(_written);
                _length -= sent;
                _isSending = isLeft = _length > 0;
            }

            if (isLeft)
            {
                _ = SendRestAsync();
            }
            else
            {
                Sent();
            }
        }
        catch (Exception exception)
        {
            // Every exception is caught: the caller may be a session, the thread of another link, or the loop of many sockets.
            Break(exception);
        }
    }

    /// <summary>Drops the bytes that wait. Nothing is sent after that.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            _length = 0;
        }
    }

    private async Task SendRestAsync()
    {
        try
        {
            while (Take() is { Length: > 0 } rest)
            {
                await sendAsync(rest);
                Sent();
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    private void Break(Exception reason)
    {
        End();
        try
        {
            onBroken(reason);
        }
        catch (ObjectDisposedException)
        {
            // The connection is gone already.
        }
    }

    /// <summary>Called after a send. Ends a congestion, and frees a large buffer.</summary>
    private void Sent()
    {
        bool isOver;
        lock (_lock)
        {
            isOver = _isCongested && _length <= Congestion;
            _isCongested &= !isOver;
            if (_length == 0 && _written.Length > 16 * SmallBuffer)
            {
                _written = new byte[SmallBuffer];
            }
        }

        if (isOver)
        {
            // On another thread: the caller may hold the gate of a session, and this call takes the gate of every session.
            ThreadPool.UnsafeQueueUserWorkItem(static drained => drained(), onDrained, preferLocal: false);
        }
    }

    /// <returns>The bytes that wait. Empty when none wait: then the next write sends its bytes itself.</returns>
    private ReadOnlyMemory<byte> Take()
    {
        lock (_lock)
        {
            var taken = _written.AsMemory(0, _length);
            (_written, _spare) = (_spare.Length > 0 ? _spare : new byte[SmallBuffer], _written);
            _length = 0;
            _isSending = taken.Length > 0;
            if (!_isSending)
            {
                _spare = [];
            }

            return taken;
        }
    }

    private void Append(LinkFrame frame, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more)
    {
        var end = _length + LinkFrame.HeadLength + frame.Length;
        if (end > _written.Length)
        {
            Array.Resize(ref _written, Math.Max(end, _written.Length * 2));
        }

        var room = _written.AsSpan(_length);
        frame.Write(room);
        payload.CopyTo(room[LinkFrame.HeadLength..]);
        more.CopyTo(room[(LinkFrame.HeadLength + payload.Length)..]);
        _length = end;
        _isCongested |= end > Congestion;
    }
}
