namespace Notifications.OrderService.Outbox;

/// <summary>
/// Only the owner of a claim may publish its stream, until the claim expires. So the streams of a dead replica become free again. After
/// Redis did not take a notification, the claim also prevents every replica from trying the stream again too soon.
/// </summary>
internal sealed class OutboxClaim
{
    public required string Stream { get; init; }

    public required string Owner { get; init; }

    /// <summary>When the claim expires, in Unix milliseconds by the database's clock. The clocks of the machines need not agree.</summary>
    public required long Until { get; init; }

    public required int Failures { get; init; }
}
