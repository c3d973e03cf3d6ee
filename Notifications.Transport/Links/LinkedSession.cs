using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Notifications.Transport.Links;

/// <summary>
/// One end of a session that goes over a link: a stream in both directions. <see cref="LinkFrame.Window"/> bounds each direction. A session whose
/// other end takes nothing for the send timeout is aborted.
/// </summary>
internal abstract class LinkedSession(Link link, uint id, TimeSpan sendTimeout) : DuplexStream
{
    private static readonly PipeOptions Inbound = new(
        // The pipe needs no bound: the session's window bounds what it holds.
        pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private readonly Pipe _inbound = new(Inbound);
    private long _window = LinkFrame.Window;
    private int _taken;
    private TaskCompletionSource? _writable;
    private bool _isRead;

    public uint Id => id;

    /// <summary>Guards everything that decides about a write: the window, and whether the session is closed.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>Nothing more can be sent: this end or the other end closed the session, or the link is gone.</summary>
    protected bool IsClosed { get; private set; }

    /// <remarks>Only one read at a time. With an empty buffer it waits until there are bytes.</remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reader = _inbound.Reader;
        var result = await reader.ReadAsync(cancellationToken);
        var bytes = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        bytes.CopyTo(buffer.Span);
        var count = (int)bytes.Length;
        reader.AdvanceTo(bytes.End);
        Took(count);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        WriteAsync(buffer, isText: null, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    /// <summary>Receives the hub's answer to the request that began the session.</summary>
    public abstract void Answered(ReadOnlySpan<byte> head);

    /// <summary>Receives bytes from the other end. If <paramref name="isPart"/>, the same write of the other end goes on in the next call.</summary>
    public virtual void Receive(ReadOnlySpan<byte> bytes, bool isPart) => Keep(bytes);

    /// <summary>Adds the credit of the other end: the number of bytes in the payload.</summary>
    /// <exception cref="IOException">The payload is not a number of bytes.</exception>
    public void Credit(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != sizeof(int) || BinaryPrimitives.ReadInt32LittleEndian(payload) is var bytes && bytes < 0)
        {
            throw new IOException("A credit frame has to have 4 bytes with a number of 0 or more.");
        }

        lock (Gate)
        {
            _window += BinaryPrimitives.ReadInt32LittleEndian(payload);
        }

        Continue();
    }

    /// <summary>Called when the session is over: the other end closed it, it failed, or the link ended.</summary>
    /// <param name="broken">Why the session failed. Null when the other end closed it and has sent everything.</param>
    public virtual void End(Exception? broken)
    {
        lock (Gate)
        {
            IsClosed = true;
        }

        CompleteReading(broken);
        Continue();
    }

    /// <summary>Lets a write that waits try again.</summary>
    public virtual void Continue()
    {
        TaskCompletionSource? writable;
        lock (Gate)
        {
            (writable, _writable) = (_writable, null);
        }

        writable?.TrySetResult();
    }

    /// <summary>Ends the session and tells the other end.</summary>
    public void Close(bool isBroken = false)
    {
        lock (Gate)
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            WriteFrame(isBroken ? FrameType.Abort : FrameType.Close, default);
        }

        link.Forget(this);
        CompleteReading(isBroken ? new IOException("The session was aborted.") : null);
        Continue();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
        }

        base.Dispose(disposing);
    }

    /// <summary>Sends all bytes at once if the other end and the link take any bytes now, else as soon as they do.</summary>
    /// <inheritdoc cref="TryWrite"/>
    /// <exception cref="TimeoutException">The other end took nothing for the send timeout. The session is aborted.</exception>
    protected ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, bool? isText, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            if (TryWrite(bytes.Span, isText))
            {
                return ValueTask.CompletedTask;
            }
        }

        return new ValueTask(WriteLaterAsync(bytes, isText, cancellationToken));
    }

    /// <summary>Sends all bytes, or sends nothing and returns false. Called under <see cref="Gate"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isText">Whether they are the payload of a text message or of a binary message. Null when they are the WebSocket's own bytes.</param>
    /// <exception cref="IOException">The session is over.</exception>
    protected virtual bool TryWrite(ReadOnlySpan<byte> bytes, bool? isText) => TrySend(default, bytes);

    protected void WriteFrame(FrameType type, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> more = default) => link.Output.Write(type, id, payload, more);

    /// <summary>Keeps bytes for <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
    protected void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        lock (Gate)
        {
            if (_isRead)
            {
                return;
            }

            _inbound.Writer.Write(bytes);
        }

        // This does not wait, because the pipe has no bound. Not under the lock: a waiting reader continues on this thread.
        _ = _inbound.Writer.FlushAsync();
    }

    /// <summary>Counts bytes of the other end that were passed on. Sends credit for them when they are half of a window.</summary>
    protected void Took(int count)
    {
        if (Interlocked.Add(ref _taken, count) < LinkFrame.Window / 2)
        {
            return;
        }

        Span<byte> credit = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(credit, Interlocked.Exchange(ref _taken, 0));
        lock (Gate)
        {
            if (!IsClosed)
            {
                WriteFrame(FrameType.Credit, credit);
            }
        }
    }

    /// <summary>
    /// Drops bytes that are received from now on. Reads return what was received before, and then 0. With <paramref name="broken"/> they fail instead.
    /// </summary>
    protected void CompleteReading(Exception? broken)
    {
        lock (Gate)
        {
            if (_isRead)
            {
                return;
            }

            _isRead = true;
        }

        _inbound.Writer.Complete(broken);
    }

    /// <summary>
    /// Sends all bytes if the other end and the link take any bytes now. Else sends nothing and returns false. Called under <see cref="Gate"/>.
    /// </summary>
    /// <exception cref="IOException">The session is over.</exception>
    protected bool TrySend(ReadOnlySpan<byte> head, ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            throw new IOException("The session is over.");
        }

        if (_window <= 0 || link.Output.IsCongested)
        {
            return false;
        }

        _window -= head.Length + bytes.Length;
        while (head.Length + bytes.Length > LinkFrame.MaxLength)
        {
            var part = LinkFrame.MaxLength - head.Length;
            WriteFrame(FrameType.DataPart, head, bytes[..part]);
            head = default;
            bytes = bytes[part..];
        }

        WriteFrame(FrameType.Data, head, bytes);
        return true;
    }

    private async Task WriteLaterAsync(ReadOnlyMemory<byte> bytes, bool? isText, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task writable;
            lock (Gate)
            {
                if (TryWrite(bytes.Span, isText))
                {
                    return;
                }

                writable = (_writable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            try
            {
                await writable.WaitAsync(sendTimeout, cancellationToken);
            }
            catch (TimeoutException exception)
            {
                Close(isBroken: true);
                throw new TimeoutException($"The other end took nothing for {sendTimeout}.", exception);
            }
        }
    }
}
