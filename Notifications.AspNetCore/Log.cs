using Microsoft.Extensions.Logging;

namespace Notifications.AspNetCore;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "{Reason} {Consequence} This line comes at most once a minute; {More} more failures since the last one.")]
    public static partial void RedisDoesNotServe(ILogger logger, string reason, string consequence, int more);

    [LoggerMessage(LogLevel.Debug, "{Consequence}")]
    public static partial void RedisFailed(ILogger logger, string consequence, Exception exception);

    [LoggerMessage(LogLevel.Error, "The drain before the stop failed; the service stops at once.")]
    public static partial void DrainFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "Quiet after a rush: {Before} MB in use, {After} MB after giving back what was free, which took {Pause:0} ms.")]
    public static partial void MemoryGivenBack(ILogger logger, long before, long after, double pause);

    [LoggerMessage(LogLevel.Warning, "Redis is lost: {Why}. The service goes on trying to connect.")]
    public static partial void RedisLost(ILogger logger, string why);

    [LoggerMessage(LogLevel.Information, "Redis is back: {Server} answers after {Away}.")]
    public static partial void RedisBack(ILogger logger, string server, TimeSpan away);
}
