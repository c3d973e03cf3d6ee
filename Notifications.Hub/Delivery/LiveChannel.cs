using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>A channel that this instance listens to, and the handler of its messages.</summary>
/// <param name="channel">Its name and kind.</param>
/// <param name="slot">The channel's slot in the Redis Cluster; without a cluster, the same number for all channels.</param>
/// <param name="receive">
/// The handler of its messages. The thread that reads the live connection calls it for one message after the other, so it must not wait. The bytes are valid
/// until it returns, so it has to copy the bytes that it keeps.
/// </param>
internal sealed class LiveChannel(RedisChannel channel, int slot, Action<ReadOnlySpan<byte>> receive)
{
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] Name { get; } = (byte[])channel!;

    public bool IsSharded => channel.IsSharded;

    public int Slot => slot;

    public Action<ReadOnlySpan<byte>> Receive => receive;

    /// <summary>Completes when Redis has confirmed the subscription for the first time; fails if Redis refused it.</summary>
    public Task Listening => _listening.Task;

    public void Confirm() => _listening.TrySetResult();

    public void Refuse(RedisServerException exception) => _listening.TrySetException(exception);

    public override string ToString() => channel.ToString();
}
