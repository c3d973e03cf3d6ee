using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>A channel that this instance listens to, and who takes its messages.</summary>
/// <param name="channel">Its name and kind.</param>
/// <param name="slot">The slot of the Redis Cluster that it lies in; the same number for all if there is no cluster.</param>
/// <param name="receive">Who takes its messages.</param>
internal sealed class LiveChannel(RedisChannel channel, int slot, MessageHandler receive)
{
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] Name { get; } = (byte[])channel!;

    public bool IsSharded => channel.IsSharded;

    public int Slot => slot;

    public MessageHandler Receive => receive;

    /// <summary>Done once Redis has confirmed it for the first time; failed if it refused.</summary>
    public Task Listening => _listening.Task;

    public void Confirm() => _listening.TrySetResult();

    public void Refuse(RedisServerException exception) => _listening.TrySetException(exception);

    public override string ToString() => channel.ToString();
}
