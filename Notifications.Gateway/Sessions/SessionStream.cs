namespace Notifications.Gateway.Sessions;

/// <summary>
/// The stream between a hub and YARP, which copies it to the client. When its session is asked to end, what is read ends at the next
/// boundary with the goodbye, and what the hub still sends is dropped.
/// </summary>
/// <remarks>
/// A WebSocket's client answers the close, YARP carries that answer to the hub, and the hub closes its end: nothing is reset. A
/// client that does not answer is waited for <see cref="AnswerLimit"/>.
/// A read of the hub's stream can't be taken back (cancelling it closes the connection), so the stream is asked for no bytes until it
/// has some, and that question is what stays open while the goodbye is said.
/// </remarks>
internal sealed class SessionStream(Stream hub, OpenSession session, IMessageBoundaries boundaries, TimeProvider time) : Stream
{
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);

    private Task? _arrival;
    private Task? _answerLimit;
    private ReadOnlyMemory<byte> _goodbye;

    public override bool CanRead => true;

    public override bool CanWrite => hub.CanWrite;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The goodbye is being said, or was.</summary>
    private bool IsEnded => _answerLimit is not null;

    /// <remarks>Never two at a time, as YARP reads it.</remarks>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            EndIfAsked();
            if (!_goodbye.IsEmpty)
            {
                return SayGoodbye(buffer);
            }

            if (!await HasArrivedAsync(cancellationToken))
            {
                if (IsEnded)
                {
                    return 0;
                }

                continue;
            }

            if (buffer.IsEmpty)
            {
                return 0;
            }

            _arrival = null;
            var count = await hub.ReadAsync(buffer, cancellationToken);
            if (count == 0)
            {
                return 0;
            }

            var followed = IsEnded ? 0 : boundaries.Follow(buffer.Span[..count], untilBoundary: session.Ending.IsCompleted);
            if (followed > 0)
            {
                return followed;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        hub.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => hub.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            session.Dispose();
            hub.Dispose();
        }

        base.Dispose(disposing);
    }

    private void EndIfAsked()
    {
        if (!IsEnded && session.Ending.IsCompleted && boundaries.IsBetweenMessages)
        {
            _goodbye = boundaries.Goodbye;
            // Nothing said: nothing to be answered.
            _answerLimit = _goodbye.IsEmpty ? Task.CompletedTask : Task.Delay(AnswerLimit, time, CancellationToken.None);
        }
    }

    private int SayGoodbye(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _goodbye.Length);
        _goodbye[..count].CopyTo(buffer);
        _goodbye = _goodbye[count..];
        return count;
    }

    /// <returns>False if something else has to be done first: the goodbye, or the end.</returns>
    private async ValueTask<bool> HasArrivedAsync(CancellationToken cancellationToken)
    {
        _arrival ??= hub.ReadAsync(Memory<byte>.Empty, cancellationToken).AsTask();
        // In the middle of a message there is nothing to be done but to read on.
        var interruption = _answerLimit ?? (boundaries.IsBetweenMessages ? session.Ending : null);
        if (interruption is not null && await Task.WhenAny(_arrival, interruption) != _arrival)
        {
            return false;
        }

        await _arrival;
        return true;
    }
}
