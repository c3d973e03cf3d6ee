namespace Notifications.Hubs.Delivery;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "A message on the channel of {Stream} is not of the form \"offset epoch previous-token entry\" and was ignored.")]
    public static partial void NotALiveMessage(ILogger logger, StreamName stream);

    [LoggerMessage(LogLevel.Error, "An entry of {Stream} can't be read and was skipped.")]
    public static partial void UnreadableEntry(ILogger logger, StreamName stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Delivery to connection {ConnectionId} failed; the connection is closed so that its client resumes.")]
    public static partial void DeliveryFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(LogLevel.Error, "Redis accepts probes, but none arrived within {Timeout}. The live feed is replaced.")]
    public static partial void FeedReplaced(ILogger logger, TimeSpan timeout);

    [LoggerMessage(LogLevel.Warning, "The live connection to {Server} is lost or can't be made; the next attempt comes in {Delay}: {Error}")]
    public static partial void LiveConnectionLost(ILogger logger, string server, TimeSpan delay, string error);

    [LoggerMessage(LogLevel.Warning, "{Server} refuses this instance {Channels} channels. It is asked again: {Error}")]
    public static partial void NotListened(ILogger logger, int channels, string server, string error);

    [LoggerMessage(LogLevel.Warning, "{Server} refuses {Command} on the live connection, which works without it: {Error}")]
    public static partial void LiveCommandRefused(ILogger logger, LiveCommand command, string server, string error);

    [LoggerMessage(LogLevel.Error, "A message on the Redis channel {Channel} could not be handled.")]
    public static partial void MessageNotHandled(ILogger logger, string channel, Exception exception);

    [LoggerMessage(LogLevel.Information, "{Stream} has notifications in Redis that this hub did not hear. Its connections read them from the log.")]
    public static partial void FoundBehind(ILogger logger, StreamName stream);

    [LoggerMessage(LogLevel.Debug, "The live connection to {Server} is lost or can't be made.")]
    public static partial void LiveConnectionFailed(ILogger logger, string server, Exception exception);
}
