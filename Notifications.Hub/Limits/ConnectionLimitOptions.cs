using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Limits;

/// <summary>What one connection, one user and one publisher may take of an instance, section <c>Limits</c>. 0 is no limit.</summary>
internal sealed class ConnectionLimitOptions : IValidatableObject
{
    public const string Section = "Limits";

    /// <summary>Streams that a connection is subscribed to at once, its own among them. Default 100.</summary>
    public int SubscriptionsPerConnection { get; set; } = 100;

    /// <summary>
    /// Topics that a user subscribes to at this instance while nobody has published to them nor is subscribed. Each leaves a key of up to 300 bytes in Redis for
    /// up to 15 minutes: at most 2,300 keys by the default, 0.7 MB, where the other limits would let a user make a thousand a second.
    /// </summary>
    public Rate UnusedTopics { get; set; } = new() { PerSecond = 2, Burst = 500 };

    /// <summary>
    /// Calls of hub methods by a connection. The burst is for a client that comes back and subscribes to all its streams, each of
    /// them twice.
    /// </summary>
    public Rate Invocations { get; set; } = new() { PerSecond = 20, Burst = 250 };

    /// <summary>Acknowledgements in streams that the connection is subscribed to: they cost nothing before they are written, together. Others are <see cref="Invocations"/>.</summary>
    public Rate Acknowledgements { get; set; } = new() { PerSecond = 2_000, Burst = 10_000 };

    /// <summary>Messages of a connection's whole life that this hub has no use for: unknown methods, wrong arguments, streams. Default 100.</summary>
    public int UnusableMessages { get; set; } = 100;

    /// <summary>Notifications that one caller publishes over HTTP.</summary>
    public Rate PublishedNotifications { get; set; } = new() { PerSecond = 10_000, Burst = 20_000 };

    /// <summary>Pages of the own log that a user is being sent at once. Default 8.</summary>
    public int PagesPerUser { get; set; } = 8;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, int Value)[] counts = [(nameof(SubscriptionsPerConnection), SubscriptionsPerConnection), (nameof(UnusableMessages), UnusableMessages), (nameof(PagesPerUser), PagesPerUser)];
        foreach (var (name, value) in counts.Where(count => count.Value < 0))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be 0 or more.");
        }

        (string Name, Rate Value, int LeastBurst)[] rates =
        [
            (nameof(UnusedTopics), UnusedTopics, 1), (nameof(Invocations), Invocations, 1), (nameof(Acknowledgements), Acknowledgements, 1),
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
