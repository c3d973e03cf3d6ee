using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Waits until a stream has bytes, or until the wait is interrupted. After an interruption the read of the stream stays open, and the next wait
/// waits for the same read. Only one wait at a time. A wait allocates nothing, because each message of each session needs one.
/// </summary>
internal sealed class Arrival(Stream stream) : IValueTaskSource
{
    private readonly Lock _lock = new();
    private Action? _onAnswered;
    private ManualResetValueTaskSourceCore<bool> _wait;
    private ValueTaskAwaiter<int> _question;
    private bool _isAsked;
    private bool _isAnswered;
    private bool _isWaiting;
    private bool _isInterruptible;

    /// <returns>True when there are bytes or the stream is at its end; false if <paramref name="interruption"/> completed first.</returns>
    /// <param name="interruption">
    /// The task that interrupts the wait: <see cref="Interrupt"/> is called when it completes. Null: nothing interrupts the wait.
    /// </param>
    /// <param name="cancellationToken">Cancels the read, and with it the stream.</param>
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
        // The interruption of an earlier wait may come late. Then wait again.
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
        // This read takes no bytes: the stream keeps them for the next read with a buffer.
        _question = stream.ReadAsync(Memory<byte>.Empty, cancellationToken).GetAwaiter();
        if (_question.IsCompleted)
        {
            _isAnswered = true;
        }
        else
        {
            _question.UnsafeOnCompleted(_onAnswered ??= OnAnswered);
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
