using System.Threading.Channels;

namespace Notifications.OrderService.Outbox;

/// <summary>Tells the relay of this process that there may be rows to publish. A signal that is raised while nobody waits ends the next wait.</summary>
internal sealed class OutboxSignal(TimeProvider time)
{
    private readonly Channel<bool> _raised =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Raise() => _raised.Writer.TryWrite(true);

    /// <summary>Returns when the signal is raised, after <paramref name="atMost"/>, or when cancelled.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Task raised = _raised.Reader.ReadAsync(either.Token).AsTask();
        await raised.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
