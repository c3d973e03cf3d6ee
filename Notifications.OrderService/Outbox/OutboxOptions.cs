using System.ComponentModel.DataAnnotations;

namespace Notifications.OrderService.Outbox;

/// <summary>How saved notifications are relayed to Redis, section <c>Outbox</c>.</summary>
internal sealed class OutboxOptions : IValidatableObject
{
    public const string Section = "Outbox";

    /// <summary>
    /// How often a replica looks for rows that it was not told of: another replica's, and what a crash left. Its own it relays at
    /// once. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a replica has a stream for itself, so how long a killed one's users may wait for another. Past twice the Redis
    /// connection's time-out (<c>asyncTimeout</c>, 5 s), or two replicas may publish the same rows, the second time without
    /// effect. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many streams are published to at once. Default 64.</summary>
    [Range(1, 1_000)]
    public int Concurrency { get; set; } = 64;

    /// <summary>How many rows are in memory at the most for each claim of new streams. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int BatchSize { get; set; } = 1_000;

    /// <summary>Up to how long a stream rests when Redis did not take a notification; the bound doubles with each failure. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan MinRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>What that bound grows to. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the waiting rows are counted for the metrics. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After so much of the lease no more is begun with a stream, so that what was begun ends within it.</summary>
    public TimeSpan SendWindow => Lease / 2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxRetryDelay < MinRetryDelay)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(MaxRetryDelay)} is {MaxRetryDelay} and has to be at least {nameof(MinRetryDelay)}, {MinRetryDelay}, which grows to it.");
        }
    }
}
