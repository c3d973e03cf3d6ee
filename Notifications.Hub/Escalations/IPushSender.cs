namespace Notifications.Hubs.Escalations;

/// <summary>Brings messages to phones by one way.</summary>
internal interface IPushSender
{
    /// <summary>What it is configured with at the moment, to be compared by value; null: it is off.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">It was changed to what can't be.</exception>
    object? Settings { get; }

    /// <summary>
    /// Sends once. What the provider answered is the outcome; what kept it from answering (a broken connection, a time-out)
    /// is an exception.
    /// </summary>
    Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken);
}

/// <param name="Result">What has become of it.</param>
/// <param name="Reason">The provider's word for it.</param>
/// <param name="RetryAfter">How long the provider wants to be left alone.</param>
internal readonly record struct SendOutcome(SendResult Result, string Reason = "", TimeSpan RetryAfter = default);

internal enum SendResult
{
    /// <summary>The provider has it.</summary>
    Delivered,

    /// <summary>The token leads to no phone any more, or never did.</summary>
    TokenDead,

    /// <summary>The provider will never take this message.</summary>
    Rejected,

    /// <summary>Later it may work.</summary>
    Retry,

    /// <summary>It will work when an operator has changed something, and not before.</summary>
    Misconfigured,
}
