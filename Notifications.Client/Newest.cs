namespace Notifications.Client;

/// <summary>Runs an action with one value at a time. Of the values that are offered while it runs, only the newest is kept for the next run.</summary>
/// <param name="action">The action. It must handle its own exceptions.</param>
internal sealed class Newest<T>(Func<T, Task> action) where T : struct
{
    private readonly Lock _lock = new();
    private T? _waiting;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;

    /// <summary>Completes when no value is left.</summary>
    public Task Idle
    {
        get
        {
            lock (_lock)
            {
                return _running;
            }
        }
    }

    public void Offer(T value)
    {
        lock (_lock)
        {
            _waiting = value;
            if (!_isRunning)
            {
                _isRunning = true;
                _running = Task.Run(RunAsync);
            }
        }
    }

    private async Task RunAsync()
    {
        while (Take() is { } value)
        {
            await action(value);
        }
    }

    private T? Take()
    {
        lock (_lock)
        {
            var value = _waiting;
            _waiting = null;
            _isRunning = value is not null;
            return value;
        }
    }
}
