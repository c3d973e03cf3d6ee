using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The channel of this instance's probes in one partition. It shows whether messages of the partition reach this instance, and whether Redis counts it as a
/// listener.
/// </summary>
internal sealed class PartitionProbe(int partition, RedisChannel channel, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _sent;
    private long _heard;
    private volatile bool _isHeard;
    private long? _awaitedSince;
    private long? _unheardSince;
    private long? _uncountedSince;

    public int Partition => partition;

    public RedisChannel Channel => channel;

    /// <summary>Whether a probe has arrived since the last one that Redis did not take.</summary>
    public bool IsHeard => _isHeard;

    /// <summary>Whether probes are heard, the listener is counted, and no probe is overdue.</summary>
    public bool IsWell
    {
        get
        {
            lock (_lock)
            {
                return _isHeard && _unheardSince is null && _uncountedSince is null;
            }
        }
    }

    /// <summary>
    /// Whether for longer than <paramref name="timeout"/> Redis took probes and none arrived, or it counted no listener. Redis counts no listener if this
    /// instance listens at a replica.
    /// </summary>
    public bool IsDeaf(TimeSpan timeout)
    {
        lock (_lock)
        {
            return IsOlder(_unheardSince, timeout) || IsOlder(_uncountedSince, timeout);
        }
    }

    /// <exception cref="RedisException">The partition's server is away. Nobody hears anything, and another connection would not help.</exception>
    public async Task SendAsync(IDatabase commands)
    {
        long number;
        var sentAt = time.GetTimestamp();
        lock (_lock)
        {
            number = ++_sent;
            _awaitedSince ??= sentAt;
        }

        try
        {
            var listeners = await commands.PublishAsync(channel, number);
            lock (_lock)
            {
                _uncountedSince = listeners > 0 ? null : _uncountedSince ?? sentAt;
                // The probe may have arrived before the answer to its publish.
                _unheardSince = _heard >= number ? null : _unheardSince ?? sentAt;
            }
        }
        catch
        {
            lock (_lock)
            {
                // Redis may have taken a later probe in the meantime.
                if (_heard < number)
                {
                    (_isHeard, _unheardSince, _uncountedSince) = (false, null, null);
                }
            }

            throw;
        }
    }

    /// <summary>Notes a probe that arrived.</summary>
    /// <param name="number">The number in the probe.</param>
    /// <param name="usual">A probe that takes longer than this was held up.</param>
    /// <returns>True: earlier probes were lost, or this one was held up. The same may have happened to notifications of the partition.</returns>
    public bool Hear(long number, TimeSpan usual)
    {
        lock (_lock)
        {
            var isRestored = number != _heard + 1 || IsOlder(_awaitedSince, usual);
            _isHeard = true;
            _heard = Math.Max(_heard, number);
            (_awaitedSince, _unheardSince) = (null, null);
            return isRestored;
        }
    }

    private bool IsOlder(long? since, TimeSpan age) => since is { } start && time.GetElapsedTime(start) > age;
}
