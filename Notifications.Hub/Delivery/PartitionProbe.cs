using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The channel on which this instance hears itself in one partition. Tells whether what is published there reaches it, and
/// whether publishers count it as a listener.
/// </summary>
internal sealed class PartitionProbe(int partition, RedisChannel channel, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _sent;
    private long _heard;
    private bool _isHeard;
    private long? _awaitedSince;
    private long? _unheardSince;
    private long? _uncountedSince;

    public int Partition => partition;

    public RedisChannel Channel => channel;

    /// <summary>A probe has come through since the last one that Redis did not take.</summary>
    public bool IsHeard
    {
        get
        {
            lock (_lock)
            {
                return _isHeard;
            }
        }
    }

    /// <summary>Heard, counted, and no probe is overdue.</summary>
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
    /// For longer than this Redis has taken probes and none came through, or it counted no listener, as when this instance listens
    /// at a replica.
    /// </summary>
    public bool IsDeaf(TimeSpan timeout)
    {
        lock (_lock)
        {
            return IsOlder(_unheardSince, timeout) || IsOlder(_uncountedSince, timeout);
        }
    }

    /// <exception cref="RedisException">This partition's server is away: nobody hears anything, and another link would not help.</exception>
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
                // It may have come through before its answer did.
                _unheardSince = _heard >= number ? null : _unheardSince ?? sentAt;
            }
        }
        catch
        {
            lock (_lock)
            {
                // A later one may have been taken meanwhile.
                if (_heard < number)
                {
                    (_isHeard, _unheardSince, _uncountedSince) = (false, null, null);
                }
            }

            throw;
        }
    }

    /// <summary>One came through.</summary>
    /// <param name="number">What it carried.</param>
    /// <param name="usual">One that takes longer was held up.</param>
    /// <returns>True if others were lost or held up before it, and so may have been what else was published here.</returns>
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
