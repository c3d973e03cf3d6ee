using Notifications.Messaging;

namespace Notifications.Hubs;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "A message on the channel of {Stream} is not of the form \"offset epoch entry\" and was left out.")]
    public static partial void NotALiveMessage(ILogger logger, StreamName stream);

    [LoggerMessage(LogLevel.Error, "An entry of {Stream} can't be read and was left out.")]
    public static partial void UnreadableEntry(ILogger logger, StreamName stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Connection {ConnectionId} could not be subscribed to {Stream}; its client is asked to try again.")]
    public static partial void NotSubscribed(ILogger logger, StreamName stream, string connectionId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The channel of {Stream} could not be unsubscribed.")]
    public static partial void NotUnsubscribed(ILogger logger, StreamName stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The log of {Stream} could not be read and is tried again in {Delay}; meanwhile the connection waits.")]
    public static partial void CatchUpDelayed(ILogger logger, StreamName stream, TimeSpan delay, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Delivery to connection {ConnectionId} failed; the connection is closed so that its client resumes.")]
    public static partial void DeliveryFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "An acknowledgement in {Stream} was not written and is tried again.")]
    public static partial void AcknowledgementNotWritten(ILogger logger, StreamName stream, Exception exception);

    [LoggerMessage(LogLevel.Information, "Hub instance {Instance} serves at {Address}.")]
    public static partial void Registered(ILogger logger, string instance, string address);

    [LoggerMessage(LogLevel.Warning, "Hub instance {Instance} could not refresh its registry entry; the gateway drops it when that expires.")]
    public static partial void NotRefreshed(ILogger logger, string instance, Exception exception);

    [LoggerMessage(LogLevel.Information, "Hub instance {Instance} drains {Connections} connections over {Window}.")]
    public static partial void Draining(ILogger logger, string instance, int connections, TimeSpan window);

    [LoggerMessage(LogLevel.Warning, "The probe over Redis could not be sent; the instance is not ready until one arrives.")]
    public static partial void ProbeFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "Redis takes probes and none arrived within {Timeout}: the live link is dead and is replaced.")]
    public static partial void LinkReplaced(ILogger logger, TimeSpan timeout);

    [LoggerMessage(LogLevel.Warning, "A live notification of {Stream} did not arrive; its connections read it from the log.")]
    public static partial void LossFound(ILogger logger, StreamName stream);

    [LoggerMessage(LogLevel.Warning, "The position of {Stream} could not be checked; the next round tries again.")]
    public static partial void PositionNotChecked(ILogger logger, StreamName stream, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Method} failed on connection {ConnectionId}.")]
    public static partial void InvocationFailed(ILogger logger, string method, string connectionId, Exception exception);
}
