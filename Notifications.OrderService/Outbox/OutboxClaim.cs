namespace Notifications.OrderService.Outbox;

/// <summary>
/// A stream that one of the service's replicas has for itself until the claim expires; a replica that dies so gives its streams
/// back. Where Redis did not take a notification, the claim is what keeps every replica from trying again too soon.
/// </summary>
internal sealed class OutboxClaim
{
    public required string Stream { get; init; }

    /// <summary>The process that has it.</summary>
    public required string Owner { get; init; }

    /// <summary>When it expires, in Unix milliseconds by the database's clock: those of the machines need not agree.</summary>
    public required long Until { get; init; }

    /// <summary>How many attempts in a row have failed.</summary>
    public required int Failures { get; init; }
}
