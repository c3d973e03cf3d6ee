namespace Notifications.OrderService;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "The orders database could not be set up, attempt {Attempt} of {Attempts}: another instance may be doing it. Looking again.")]
    public static partial void SchemaNotCreatedYet(ILogger logger, int attempt, int attempts, Exception exception);

    [LoggerMessage(LogLevel.Error, "Notification {NotificationId} to {Stream} can never be published as it is. It is moved to the table OutboxRefused, and later notifications go on.")]
    public static partial void NotificationRefused(ILogger logger, string notificationId, string stream, Exception exception);

    [LoggerMessage(LogLevel.Information, "Notification {NotificationId} to {Stream} had been published before: the answer, or the process that waited for it, was lost before the row could be removed.")]
    public static partial void AlreadyPublished(ILogger logger, string notificationId, string stream);

    [LoggerMessage(LogLevel.Warning, "Redis did not take notification {NotificationId} to {Stream}. Orders go on; their notifications wait in the outbox.")]
    public static partial void RedisIsAway(ILogger logger, string notificationId, string stream, Exception exception);

    [LoggerMessage(LogLevel.Information, "Redis takes notifications again. The notifications in the outbox are published now.")]
    public static partial void RedisIsBack(ILogger logger);

    [LoggerMessage(LogLevel.Error, "The outbox can't be read or written; notifications wait in it until it can.")]
    public static partial void OutboxUnreachable(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "The outbox can be read and written again.")]
    public static partial void OutboxIsBack(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "The outbox could not be updated at the stop. Other replicas relay this replica's rows when its claims expire.")]
    public static partial void OutboxNotSettled(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The outbox could not be counted; its metrics have no values until it can.")]
    public static partial void OutboxNotMeasured(ILogger logger, Exception exception);
}
