using System.Diagnostics;
using System.Text.Json;
using Notifications.Messaging;

namespace Notifications.OrderService.Outbox;

/// <summary>
/// A notification that waits to be published. It is saved in one transaction with the change of the order, and removed when Redis has it.
/// </summary>
internal sealed class OutboxRow
{
    public const int MaxStreamLength = 6 + StreamName.MaxIdLength;
    public const int MaxTraceParentLength = 55;

    /// <summary>
    /// A rising number that the database assigns: the order within a stream. When one change was committed before another began, the later change
    /// has the higher number.
    /// </summary>
    public long Sequence { get; private set; }

    /// <summary>The notification's id, which is also its idempotency key.</summary>
    public required string Id { get; init; }

    public required string Stream { get; init; }

    /// <summary>The whole <see cref="Messaging.Notification"/> as JSON.</summary>
    public required string Notification { get; init; }

    /// <summary>W3C <c>traceparent</c> and <c>tracestate</c> of the request that made the change.</summary>
    public string? TraceParent { get; init; }

    /// <inheritdoc cref="TraceParent"/>
    public string? TraceState { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    public static OutboxRow Of(StreamName stream, Notification notification, DateTimeOffset now)
    {
        var request = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
        return new OutboxRow
        {
            Id = notification.Id,
            Stream = stream.Value,
            Notification = JsonSerializer.Serialize(notification, OrderJson.Default.Notification),
            TraceParent = request?.Id,
            TraceState = request?.TraceStateString,
            CreatedAt = now.UtcDateTime,
        };
    }

    /// <exception cref="JsonException">The row holds no notification.</exception>
    public Notification ReadNotification()
    {
        var notification = JsonSerializer.Deserialize(Notification, OrderJson.Default.Notification)
            ?? throw new JsonException("The row's notification is null.");
        return notification with { Id = Id };
    }
}
