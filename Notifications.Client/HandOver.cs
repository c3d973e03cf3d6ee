using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Notifications.Client;

/// <summary>The handler behind <see cref="NotificationClient.ReadAllAsync"/>: it returns when the reader asks for the next item.</summary>
internal sealed class HandOver
{
    private readonly Channel<Item> _items = Channel.CreateBounded<Item>(1);

    private sealed record Item(ReceivedNotification Notification, TaskCompletionSource Handled);

    public async Task HandleAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stop = cancellationToken.Register(() => handled.TrySetCanceled(cancellationToken));
        await _items.Writer.WriteAsync(new Item(notification, handled), cancellationToken);
        await handled.Task;
    }

    public async IAsyncEnumerable<ReceivedNotification> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in _items.Reader.ReadAllAsync(cancellationToken))
        {
            if (item.Handled.Task.IsCompleted)
            {
                // The client stopped before a reader took the notification.
                continue;
            }

            try
            {
                yield return item.Notification;
                item.Handled.TrySetResult();
            }
            finally
            {
                if (!item.Handled.Task.IsCompleted)
                {
                    item.Handled.TrySetException(new InvalidOperationException(
                        "The reader left before it asked for the next notification, so this one counts as not handled."));
                }
            }
        }
    }

    public void Complete() => _items.Writer.TryComplete();
}
