namespace Notifications.Hubs.Escalations;

/// <summary>Sends messages to phones: through a push provider, or in Development to the log.</summary>
internal interface IPushSender
{
    /// <summary>The present settings, which are compared by value; null: the sender is off.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings were changed and are not valid now.</exception>
    object? Settings { get; }

    /// <summary>
    /// Sends the message once, and returns the provider's answer. Throws if there is no answer, because of a broken connection or a time-out.
    /// </summary>
    Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken);
}

internal readonly record struct SendOutcome(SendResult Result, string Reason = "", TimeSpan RetryAfter = default);

internal enum SendResult
{
    /// <summary>The provider took the message.</summary>
    Delivered,

    /// <summary>The token leads to no phone any more, or never did.</summary>
    TokenDead,

    /// <summary>The provider will never take this message.</summary>
    Rejected,

    /// <summary>A later try may succeed.</summary>
    Retry,

    /// <summary>No try succeeds until an operator changes the configuration.</summary>
    Misconfigured,
}
