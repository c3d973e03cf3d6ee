using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs;

/// <summary>
/// How much of an instance one connection, one user and one publisher may use, section <c>Limits</c>. Subscriptions have their own
/// <see cref="Delivery.SubscriptionLimitOptions"/>. 0 means no limit.
/// </summary>
internal sealed class ConnectionLimitOptions : IValidatableObject
{
    public const string Section = Delivery.SubscriptionLimitOptions.Section;

    /// <summary>
    /// How often a connection may call hub methods. The burst is for a client that reconnects and subscribes to all its streams, each of them twice.
    /// </summary>
    public Rate Invocations { get; set; } = new() { PerSecond = 20, Burst = 250 };

    /// <summary>
    /// How often a connection may acknowledge in streams that it is subscribed to. Such acknowledgements cost nothing until they are written together. Other
    /// acknowledgements count as <see cref="Invocations"/>.
    /// </summary>
    public Rate Acknowledgements { get; set; } = new() { PerSecond = 2_000, Burst = 10_000 };

    /// <summary>
    /// How many messages that the hub has no use for a connection may send in its whole life: unknown methods, wrong arguments, streams. Default 100.
    /// </summary>
    public int UnusableMessages { get; set; } = 100;

    /// <summary>How many notifications one caller may publish over HTTP.</summary>
    public Rate PublishedNotifications { get; set; } = new() { PerSecond = 10_000, Burst = 20_000 };

    /// <summary>How many pages of the user's own log may be sent to the user at once. Default 8.</summary>
    public int PagesPerUser { get; set; } = 8;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, int Value)[] counts = [(nameof(UnusableMessages), UnusableMessages), (nameof(PagesPerUser), PagesPerUser)];
        foreach (var (name, value) in counts.Where(count => count.Value < 0))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be 0 or more.");
        }

        (string Name, Rate Value, int LeastBurst)[] rates =
        [
            (nameof(Invocations), Invocations, 1), (nameof(Acknowledgements), Acknowledgements, 1),
            (nameof(PublishedNotifications), PublishedNotifications, NotificationApi.MaxPublished),
        ];
        foreach (var (name, rate, leastBurst) in rates)
        {
            if (rate.Error(leastBurst) is { } error)
            {
                yield return new ValidationResult($"{Section}:{name} {error}");
            }
        }
    }
}
