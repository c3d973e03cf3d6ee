using Microsoft.Extensions.Logging;

namespace Notifications.Transport;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Sessions between gateway and hub go over links (Notifications.Transport/README.md).")]
    public static partial void Links(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Each session has an HTTP connection of its own between gateway and hub, without links: {Reason}")]
    public static partial void Plain(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The link to {Hub} broke with {Sessions} sessions: {Reason}")]
    public static partial void LinkToHubBroken(ILogger logger, Uri hub, int sessions, string reason);

    [LoggerMessage(LogLevel.Warning, "A gateway's link broke with {Sessions} sessions: {Reason}")]
    public static partial void LinkOfGatewayBroken(ILogger logger, int sessions, string reason);

    [LoggerMessage(LogLevel.Warning, "The link to {Hub} is closed: no byte came for {Silence}.")]
    public static partial void LinkSilent(ILogger logger, Uri hub, TimeSpan silence);

    [LoggerMessage(LogLevel.Error, "A session over a link failed and is ended.")]
    public static partial void SessionFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "Received bytes could not be handled. Their connection is closed.")]
    public static partial void ReaderFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Critical, "The thread that reads connections failed. It goes on.")]
    public static partial void LoopFailed(ILogger logger, Exception exception);
}
