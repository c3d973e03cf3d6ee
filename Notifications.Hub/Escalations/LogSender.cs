namespace Notifications.Hubs.Escalations;

/// <summary>For Development: logs the message that would go to a phone, and keeps it for the demo page.</summary>
internal sealed class LogSender(ShownPushes shown, ILogger<LogSender> logger) : IPushSender
{
    public object? Settings => nameof(LogSender);

    public async Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken)
    {
        Log.WouldPush(logger, phone.User, phone.Device, message.Content.Title, message.Content.Body);
        await shown.AddAsync(message, phone);
        return new SendOutcome(SendResult.Delivered);
    }
}
