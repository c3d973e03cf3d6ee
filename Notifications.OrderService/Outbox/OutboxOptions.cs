using System.ComponentModel.DataAnnotations;

namespace Notifications.OrderService.Outbox;

/// <summary>How saved notifications are relayed to Redis: the section <c>Outbox</c>.</summary>
internal sealed class OutboxOptions : IValidatableObject
{
    public const string Section = "Outbox";

    /// <summary>
    /// How often a replica looks for rows that it does not know of: rows of another replica, and rows that a crash left. It relays its own rows
    /// at once. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a claim of a stream lasts. When a replica is killed, its streams wait for this time at most. It should be at least twice the time-out
    /// of the Redis connection (<c>asyncTimeout</c>, 5 s). Otherwise two replicas may publish the same rows, the second time without effect.
    /// Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many streams are published at the same time. Default 64.</summary>
    [Range(1, 1_000)]
    public int Concurrency { get; set; } = 64;

    /// <summary>How many rows are read into memory at most, for each claim of new streams. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int BatchSize { get; set; } = 1_000;

    /// <summary>
    /// The first bound of a stream's rest after Redis did not take a notification. The rest is a random
    /// time up to the bound, which doubles with each failure. Default 100 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan MinRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The largest bound of a stream's rest. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the waiting rows are counted for the metrics. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this time of the lease no further row of the stream is published, so that the last publish ends within the lease.</summary>
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
