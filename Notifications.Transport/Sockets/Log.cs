using Microsoft.Extensions.Logging;

namespace Notifications.Sockets;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "What came over a connection could not be handled. The connection is closed.")]
    public static partial void ReaderFailed(ILogger logger, Exception exception);
}
