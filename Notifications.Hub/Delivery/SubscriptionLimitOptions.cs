using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Delivery;

/// <summary>How many subscriptions one connection and one user may have, section <c>Limits</c>. 0 means no limit.</summary>
internal sealed class SubscriptionLimitOptions : IValidatableObject
{
    public const string Section = "Limits";

    /// <summary>How many streams a connection is subscribed to at once, the user's own included. Default 100.</summary>
    public int SubscriptionsPerConnection { get; set; } = 100;

    /// <summary>
    /// How often a user may subscribe at this instance to a topic that has neither notifications nor subscribers. Each such topic leaves a key of up to 300
    /// bytes in Redis for up to 15 minutes. With the default these are at most 2,300 keys, 0.7 MB. The other limits alone would let a user make a thousand a
    /// second.
    /// </summary>
    public Rate UnusedTopics { get; set; } = new() { PerSecond = 2, Burst = 500 };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SubscriptionsPerConnection < 0)
        {
            yield return new ValidationResult($"{Section}:{nameof(SubscriptionsPerConnection)} is {SubscriptionsPerConnection} and has to be 0 or more.");
        }

        if (UnusedTopics.Error(leastBurst: 1) is { } error)
        {
            yield return new ValidationResult($"{Section}:{nameof(UnusedTopics)} {error}");
        }
    }
}
