using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Waits until a stream has bytes, or until it is interrupted. A question that was interrupted stays open, and the next wait is for the same
/// one. One wait at a time; it allocates nothing, as there is one for each message of each session.
/// </summary>
internal sealed class Arrival : IValueTaskSource
{
    private readonly Stream _stream;
    private readonly Action _onAnswered;
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _wait;
    private ValueTaskAwaiter<int> _question;
    private bool _isAsked;
    private bool _isAnswered;
    private bool _isWaiting;
    private bool _isInterruptible;

    public Arrival(Stream stream)
    {
        _stream = stream;
        _onAnswered = OnAnswered;
    }

    /// <returns>True when there are bytes or the stream is at its end; false if <paramref name="interruption"/> completed first.</returns>
    /// <param name="interruption">What <see cref="Interrupt"/> is called for; null: nothing interrupts.</param>
    /// <param name="cancellationToken">Cancels the question, and with it the stream.</param>
    /// <exception cref="IOException">The stream broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WaitAsync(Task? interruption, CancellationToken cancellationToken)
    {
        Ask(cancellationToken);
        do
        {
            await UntilAnsweredOr(interruption);
            if (IsAnswered())
            {
                _question.GetResult();
                return true;
            }
        }
        // What an earlier wait was to be interrupted for may come late.
        while (interruption is not { IsCompleted: true });
        return false;
    }

    /// <summary>Ends a wait that may be interrupted.</summary>
    public void Interrupt() => EndWait(ifInterruptible: true);

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void Ask(CancellationToken cancellationToken)
    {
        if (_isAsked)
        {
            return;
        }

        _isAsked = true;
        // No bytes are asked for: the stream keeps them until there is a buffer to put them in.
        _question = _stream.ReadAsync(Memory<byte>.Empty, cancellationToken).GetAwaiter();
        if (_question.IsCompleted)
        {
            _isAnswered = true;
        }
        else
        {
            _question.UnsafeOnCompleted(_onAnswered);
        }
    }

    private bool IsAnswered()
    {
        lock (_lock)
        {
            var isAnswered = _isAnswered;
            (_isAsked, _isAnswered) = (_isAsked && !isAnswered, false);
            return isAnswered;
        }
    }

    private ValueTask UntilAnsweredOr(Task? interruption)
    {
        lock (_lock)
        {
            if (_isAnswered || interruption is { IsCompleted: true })
            {
                return ValueTask.CompletedTask;
            }

            _wait.Reset();
            (_isWaiting, _isInterruptible) = (true, interruption is not null);
            return new ValueTask(this, _wait.Version);
        }
    }

    private void OnAnswered()
    {
        lock (_lock)
        {
            _isAnswered = true;
        }

        EndWait(ifInterruptible: false);
    }

    private void EndWait(bool ifInterruptible)
    {
        lock (_lock)
        {
            if (!_isWaiting || (ifInterruptible && !_isInterruptible))
            {
                return;
            }

            _isWaiting = false;
        }

        _wait.SetResult(true);
    }
}
