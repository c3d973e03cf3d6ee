namespace Notifications.OrderService.Outbox;

/// <summary>
/// An outbox row that can never be published as it is, for example because its payload is too large. It is kept for a person to look at, and
/// the stream's later rows go on.
/// </summary>
internal sealed class RefusedRow
{
    /// <inheritdoc cref="OutboxRow.Id"/>
    public required string Id { get; init; }

    public required string Stream { get; init; }

    public required string Notification { get; init; }

    public string? TraceParent { get; init; }

    public string? TraceState { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    public required string Reason { get; init; }
}
