namespace Notifications.OrderService.Outbox;

/// <summary>
/// An outbox row that can't ever be published as it is, such as one over the payload limit: kept aside for a person to look at, so
/// that the stream's later ones go on.
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

    /// <summary>What was wrong.</summary>
    public required string Reason { get; init; }
}
