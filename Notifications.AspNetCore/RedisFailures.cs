using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.AspNetCore;

/// <summary>
/// Logs that Redis does not serve, and why. Each reason is logged at most once a minute, because all connections meet it at once. Each single failure is logged
/// at the level Debug.
/// </summary>
internal sealed class RedisFailures(TimeProvider time, ILogger<RedisFailures> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<RedisErrorKind, Said> _said = new();

    /// <summary>Reports a failure. The <paramref name="consequence"/> is a sentence that says what is not done because of it.</summary>
    public void Report(Exception exception, string consequence)
    {
        Log.RedisFailed(logger, consequence, exception);
        var said = _said.GetOrAdd(exception.Answer(), _ => new Said());
        int more;
        lock (said)
        {
            if (said.At is { } at && time.GetElapsedTime(at) < Interval)
            {
                said.More++;
                return;
            }

            (more, said.More, said.At) = (said.More, 0, time.GetTimestamp());
        }

        Log.RedisDoesNotServe(logger, exception.Reason(), consequence, more);
    }

    private sealed class Said
    {
        public long? At { get; set; }

        /// <summary>How many failures came since the last log entry, and were not logged.</summary>
        public int More { get; set; }
    }
}
