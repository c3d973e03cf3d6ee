using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.Hosting;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "The drain before the stop failed; the service stops at once.")]
    public static partial void DrainFailed(ILogger logger, Exception exception);
}
