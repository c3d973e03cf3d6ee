using Microsoft.Extensions.Logging;

namespace Notifications.Client;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "{State} ({Url}).")]
    public static partial void StateChanged(ILogger logger, ConnectionState state, Uri url);

    [LoggerMessage(LogLevel.Warning, "Could not connect to {Url}; the next attempt comes in {Delay}.")]
    public static partial void NotConnected(ILogger logger, Uri url, TimeSpan delay, Exception exception);

    [LoggerMessage(LogLevel.Information, "The connection to {Url} ended; the next attempt comes in {Delay}.")]
    public static partial void Lost(ILogger logger, Uri url, TimeSpan delay, Exception? exception);

    [LoggerMessage(LogLevel.Warning, "The hub did not subscribe {Stream}; it is asked again.")]
    public static partial void NotSubscribed(ILogger logger, string stream, Exception exception);

    [LoggerMessage(LogLevel.Error, "The handler failed at offset {Offset} of {Stream}. It is called again.")]
    public static partial void NotHandled(ILogger logger, string stream, long offset, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The position of {Stream} could not be loaded. The connection is closed and opened again.")]
    public static partial void NotLoaded(ILogger logger, string stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The position of {Stream} could not be saved. It is saved again later.")]
    public static partial void NotSaved(ILogger logger, string stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The hub did not take an acknowledgement in {Stream}.")]
    public static partial void NotAcknowledged(ILogger logger, string stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Notifications of {Stream} before offset {After} are gone. Set OnGap to reload the state that depends on them.")]
    public static partial void GapUnheard(ILogger logger, string stream, long after);

    [LoggerMessage(LogLevel.Error, "A StateChanged handler failed.")]
    public static partial void StateHandlerFailed(ILogger logger, Exception exception);
}
