namespace Notifications.OrderService;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "The orders database could not be set up, attempt {Attempt} of {Attempts}: another instance may be doing it. Looking again.")]
    public static partial void SchemaNotCreatedYet(ILogger logger, int attempt, int attempts, Exception exception);

    [LoggerMessage(LogLevel.Error, "The order is saved, but its notification {NotificationId} ({Type}) could not be published and is lost. Check that Redis answers.")]
    public static partial void NotificationLost(ILogger logger, string notificationId, string type, Exception exception);
}
