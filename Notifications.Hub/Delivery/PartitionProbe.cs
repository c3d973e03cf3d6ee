using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The channel on which this instance hears itself in one partition. Tells whether what is published there reaches it, and
/// whether publishers count it as a listener.
/// </summary>
internal sealed class PartitionProbe(int partition, RedisChannel channel, TimeProvider time)
{
    private readonly Lock _lock = new();
    private bool _isSending;
    private bool _isHeard;
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

    /// <summary>Heard, and no probe is on its way.</summary>
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

    /// <summary>Sends one, unless the last is still being sent.</summary>
    /// <exception cref="RedisException">This partition's server is away: nobody hears anything, and another link would not help.</exception>
    public async Task SendAsync(IDatabase commands)
    {
        lock (_lock)
        {
            if (_isSending)
            {
                return;
            }

            _isSending = true;
            _unheardSince ??= time.GetTimestamp();
        }

        try
        {
            var listeners = await commands.PublishAsync(channel, RedisValue.EmptyString);
            lock (_lock)
            {
                _uncountedSince = listeners > 0 ? null : _uncountedSince ?? time.GetTimestamp();
            }
        }
        catch
        {
            Forget();
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _isSending = false;
            }
        }
    }

    /// <summary>One came through.</summary>
    /// <returns>True if what was published before this one may not have come through.</returns>
    public bool Hear(TimeSpan timeout)
    {
        lock (_lock)
        {
            var isRestored = !_isHeard || IsOlder(_unheardSince, timeout);
            _isHeard = true;
            _unheardSince = null;
            return isRestored;
        }
    }

    /// <summary>Begins anew, as on another link.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _isHeard = false;
            _unheardSince = null;
            _uncountedSince = null;
        }
    }

    private bool IsOlder(long? since, TimeSpan age) => since is { } start && time.GetElapsedTime(start) > age;
}
