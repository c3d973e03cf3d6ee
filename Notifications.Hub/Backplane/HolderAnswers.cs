using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Notifications.Hubs.Backplane;

/// <summary>Asks all instances which of them holds a connection.</summary>
internal sealed class HolderAnswers(TimeProvider time)
{
    /// <summary>One that is well answers within milliseconds; one that died without a word counts as listening until Redis notices.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PendingAnswer> _asked = new(StringComparer.Ordinal);

    /// <param name="order">What is asked.</param>
    /// <param name="send">Sends it to all instances; how many hear it.</param>
    /// <param name="cancellationToken">Ends the wait; the order may be carried out all the same.</param>
    /// <returns>Whether an instance holds the connection and has carried the order out; false once all have said that they do not.</returns>
    /// <exception cref="TimeoutException">Not all have answered within <see cref="Limit"/>: one may have carried it out all the same.</exception>
    public async Task<bool> AskAsync(ConnectionOrder order, Func<ConnectionOrder, Task<long>> send, CancellationToken cancellationToken)
    {
        var pending = _asked[order.Id] = new PendingAnswer();
        try
        {
            pending.Expect(await send(order));
            return await pending.IsHeld.WaitAsync(Limit, time, cancellationToken);
        }
        catch (TimeoutException exception) when (exception is not RedisTimeoutException)
        {
            throw new TimeoutException($"No hub instance has said within {Limit} that it has the connection {order.Connection}, and not all have said that they do not.", exception);
        }
        finally
        {
            _asked.TryRemove(order.Id, out _);
        }
    }

    public void Take(string id, bool holds) => _asked.GetValueOrDefault(id)?.Add(holds);

    private sealed class PendingAnswer
    {
        private readonly TaskCompletionSource<bool> _isHeld = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private long _expected = long.MaxValue;
        private long _without;

        public Task<bool> IsHeld => _isHeld.Task;

        /// <summary>Answers may come before it is known how many there will be.</summary>
        public void Expect(long count)
        {
            lock (_lock)
            {
                _expected = count;
                EndIfNobodyHoldsIt();
            }
        }

        public void Add(bool holds)
        {
            if (holds)
            {
                _isHeld.TrySetResult(true);
                return;
            }

            lock (_lock)
            {
                _without++;
                EndIfNobodyHoldsIt();
            }
        }

        private void EndIfNobodyHoldsIt()
        {
            if (_without >= _expected)
            {
                _isHeld.TrySetResult(false);
            }
        }
    }
}
