namespace Notifications.Hubs.Delivery;

/// <summary>
/// The queue of one connection: bounded, and worked off by one task at a time. The caller that adds to an empty queue works it off itself until it has to wait, so a
/// client that takes everything at once costs no other thread.
/// </summary>
/// <param name="length">How many items may wait.</param>
/// <param name="deliver">
/// <see cref="ConnectionDelivery"/> delivers a live notification of a subscription; without a notification, it reads from the log what the subscription misses.
/// </param>
/// <param name="catchUpLate">Called after an item did not fit: its subscription is behind.</param>
/// <param name="onFailed">Called when delivery failed. Nothing is delivered after that.</param>
internal sealed class DeliveryQueue(
    int length, Func<Subscription, NotificationFrame?, ValueTask> deliver, Func<ValueTask> catchUpLate, Action<Exception> onFailed)
{
    private readonly Lock _lock = new();
    private readonly Queue<(Subscription Subscription, NotificationFrame? Frame)> _queue = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isWorking;
    private bool _isClosed;
    private volatile bool _isLate;

    /// <summary>Completes when nothing is delivered any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>
    /// A <see cref="Subscription"/> adds what it is offered. Never waits. When the queue is full, the item is dropped and the subscription is marked as behind:
    /// the log has what was dropped.
    /// </summary>
    public void Add(Subscription subscription, NotificationFrame? frame)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            if (_queue.Count >= length)
            {
                subscription.IsBehind = true;
                _isLate = true;
                return;
            }

            _queue.Enqueue((subscription, frame));
            if (_isWorking)
            {
                return;
            }

            _isWorking = true;
        }

        _ = WorkAsync();
    }

    /// <summary>Begins no further item. The item under way ends by itself.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (!_isWorking)
            {
                _ended.TrySetResult();
            }
        }
    }

    private async Task WorkAsync()
    {
        while (Next() is (var subscription, var frame))
        {
            try
            {
                await deliver(subscription, frame);
                if (_isLate)
                {
                    _isLate = false;
                    await catchUpLate();
                }
            }
            catch (Exception exception)
            {
                onFailed(exception);
                Close();
            }
        }
    }

    /// <returns>Null when the queue is empty or closed. The next caller of <see cref="Add"/> works it off then.</returns>
    private (Subscription Subscription, NotificationFrame? Frame)? Next()
    {
        lock (_lock)
        {
            if (!_isClosed && _queue.TryDequeue(out var work))
            {
                return work;
            }

            _isWorking = false;
            if (_isClosed)
            {
                _queue.Clear();
                _ended.TrySetResult();
            }

            return null;
        }
    }
}
