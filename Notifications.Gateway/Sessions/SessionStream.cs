using System.Runtime.CompilerServices;
using Notifications.Transport;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// The stream between a hub and YARP, which copies it to the client. When its session is asked to end, reads return the goodbye at the next
/// boundary. What the hub sends after that is dropped.
/// </summary>
/// <remarks>
/// The client answers the close of a WebSocket, YARP passes that answer to the hub, and the hub closes its end. So no connection is reset.
/// The client may take <see cref="AnswerLimit"/> to answer.
/// A read of the hub's stream can't be taken back, because cancelling it closes the connection. So an empty read first waits until the
/// stream has bytes. That empty read stays open while the goodbye is sent.
/// </remarks>
internal sealed class SessionStream : DuplexStream
{
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);

    private readonly Stream _hub;
    private readonly OpenSession _session;
    private readonly IMessageBoundaries _boundaries;
    private readonly TimeProvider _time;
    private readonly Arrival _arrival;
    private bool _hasArrived;
    private Task? _answerLimit;
    private ReadOnlyMemory<byte> _goodbye;

    public SessionStream(Stream hub, OpenSession session, IMessageBoundaries boundaries, TimeProvider time)
    {
        (_hub, _session, _boundaries, _time) = (hub, session, boundaries, time);
        _arrival = new Arrival(hub);
        _session.Ending.GetAwaiter().UnsafeOnCompleted(_arrival.Interrupt);
    }

    public override bool CanWrite => _hub.CanWrite;

    /// <summary>Whether the goodbye is being sent, or was sent.</summary>
    private bool IsEnded => _answerLimit is not null;

    /// <remarks>Only one read at a time. YARP reads in that way.</remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            EndIfAsked();
            if (!_goodbye.IsEmpty)
            {
                return SayGoodbye(buffer);
            }

            // YARP reads twice: first with an empty buffer, then with a real one.
            _hasArrived = _hasArrived || await HasArrivedAsync(cancellationToken);
            if (!_hasArrived)
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

            _hasArrived = false;
            var count = await _hub.ReadAsync(buffer, cancellationToken);
            if (count == 0)
            {
                return 0;
            }

            var followed = IsEnded ? 0 : _boundaries.Follow(buffer.Span[..count], untilBoundary: _session.Ending.IsCompleted);
            if (followed > 0)
            {
                return followed;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _hub.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => _hub.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _session.Dispose();
            _hub.Dispose();
        }

        base.Dispose(disposing);
    }

    private void EndIfAsked()
    {
        if (!IsEnded && _session.Ending.IsCompleted && _boundaries.IsBetweenMessages)
        {
            _goodbye = _boundaries.Goodbye;
            // Without a goodbye there is no answer to wait for.
            _answerLimit = _goodbye.IsEmpty ? Task.CompletedTask : Task.Delay(AnswerLimit, _time, CancellationToken.None);
            _answerLimit.GetAwaiter().UnsafeOnCompleted(_arrival.Interrupt);
        }
    }

    private int SayGoodbye(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _goodbye.Length);
        _goodbye[..count].CopyTo(buffer);
        _goodbye = _goodbye[count..];
        return count;
    }

    /// <returns>False when the goodbye or the end has to come first.</returns>
    private ValueTask<bool> HasArrivedAsync(CancellationToken cancellationToken) =>
        // In the middle of a message the wait is not interrupted, because the message has to be read to its end.
        _arrival.WaitAsync(_answerLimit ?? (_boundaries.IsBetweenMessages ? _session.Ending : null), cancellationToken);
}
