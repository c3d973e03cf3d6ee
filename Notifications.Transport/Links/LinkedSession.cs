using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Notifications.Transport.Links;

/// <summary>One end of a session that goes over a link: a stream both ways, each bounded by <see cref="LinkFrame.Window"/>.</summary>
internal class LinkedSession : Stream
{
    private static readonly PipeOptions Inbound = new(
        // The window bounds it.
        pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private readonly Link _link;
    private readonly Pipe _inbound = new(Inbound);
    private long _window = LinkFrame.Window;
    private int _taken;
    private TaskCompletionSource? _writable;
    private bool _isRead;

    public LinkedSession(Link link, uint id) => (_link, Id) = (link, id);

    public uint Id { get; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>How long the other end may take nothing before the session is broken off. By default it may for ever.</summary>
    protected virtual TimeSpan SendTimeout => Timeout.InfiniteTimeSpan;

    /// <summary>What is written and not yet sent is decided on under this.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>This end has nothing more to send: it said so, or the other end did, or the link is gone.</summary>
    protected bool IsClosed { get; private set; }

    /// <remarks>Never two at a time. Without a buffer it waits until there are bytes.</remarks>
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
        TryWrite(buffer.Span) ? ValueTask.CompletedTask : new ValueTask(WriteLaterAsync(buffer, cancellationToken));

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Bytes came from the other end, whose write ends with them unless there is more.</summary>
    public virtual void Receive(ReadOnlySpan<byte> bytes, bool isPart) => Keep(bytes);

    /// <summary>The other end takes so many bytes more.</summary>
    /// <exception cref="IOException">It is no number of bytes.</exception>
    public void Credit(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != sizeof(int) || BinaryPrimitives.ReadInt32LittleEndian(payload) is var bytes && bytes < 0)
        {
            throw new IOException("A credit over a session link has to be 4 bytes that are 0 or more.");
        }

        lock (Gate)
        {
            _window += BinaryPrimitives.ReadInt32LittleEndian(payload);
        }

        Continue();
    }

    /// <summary>The other end has closed the session, or it broke off.</summary>
    /// <param name="broken">Why; null: what it sent was all.</param>
    public virtual void End(Exception? broken)
    {
        lock (Gate)
        {
            IsClosed = true;
        }

        CompleteReading(broken);
        Continue();
    }

    /// <summary>Whoever waits to write tries again.</summary>
    public virtual void Continue()
    {
        TaskCompletionSource? writable;
        lock (Gate)
        {
            (writable, _writable) = (_writable, null);
        }

        writable?.TrySetResult();
    }

    /// <summary>Tells the other end that the session is over.</summary>
    public void Close(bool isBroken = false)
    {
        lock (Gate)
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            _link.Output.Write(isBroken ? FrameType.Abort : FrameType.Close, Id, default);
        }

        _link.Forget(this);
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

    /// <summary>Looks at what this end writes, in the order in which it goes out; called under <see cref="Gate"/>.</summary>
    protected virtual void OnWriting(ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>Puts bytes where <see cref="ReadAsync(Memory{byte}, CancellationToken)"/> finds them.</summary>
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

        // Nothing waits: the pipe has no bound of its own. Not under the lock, as whoever reads goes on right here.
        _ = _inbound.Writer.FlushAsync();
    }

    /// <summary>So many bytes from the other end were passed on.</summary>
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
                _link.Output.Write(FrameType.Credit, Id, credit);
            }
        }
    }

    /// <summary>What comes from now on is dropped, and a read after what is there returns nothing or fails.</summary>
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

    /// <summary>Sends it if the other end and the link take anything at all just now; then all of it. Called under <see cref="Gate"/>.</summary>
    /// <exception cref="IOException">The session is over.</exception>
    protected bool TrySend(ReadOnlySpan<byte> head, ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            throw new IOException("The session is over.");
        }

        if (_window <= 0 || _link.Output.IsCongested)
        {
            return false;
        }

        _window -= head.Length + bytes.Length;
        while (head.Length + bytes.Length > LinkFrame.MaxLength)
        {
            var part = LinkFrame.MaxLength - head.Length;
            _link.Output.Write(FrameType.DataPart, Id, head, bytes[..part]);
            head = default;
            bytes = bytes[part..];
        }

        _link.Output.Write(FrameType.Data, Id, head, bytes);
        return true;
    }

    /// <summary>Done when a write is worth another try. Called under <see cref="Gate"/>, after one that was not.</summary>
    protected Task WritableAsync() => (_writable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <exception cref="TimeoutException">It was too long, and the session is broken off.</exception>
    protected async Task WaitUntilAsync(Task writable, CancellationToken cancellationToken)
    {
        try
        {
            await writable.WaitAsync(SendTimeout, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            Close(isBroken: true);
            throw new TimeoutException($"The other end took nothing for {SendTimeout}.", exception);
        }
    }

    private bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            if (!TrySend(default, bytes))
            {
                return false;
            }

            OnWriting(bytes);
        }

        return true;
    }

    private async Task WriteLaterAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task writable;
            lock (Gate)
            {
                if (TrySend(default, bytes.Span))
                {
                    OnWriting(bytes.Span);
                    return;
                }

                writable = WritableAsync();
            }

            await WaitUntilAsync(writable, cancellationToken);
        }
    }
}
