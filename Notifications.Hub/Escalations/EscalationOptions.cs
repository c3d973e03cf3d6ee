using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Escalations;

/// <summary>How an instance sends to phones, section <c>Escalation</c>.</summary>
internal sealed class EscalationOptions : IValidatableObject
{
    public const string Section = "Escalation";

    /// <summary>How often an instance looks for due escalations in its share of the partitions. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How many escalations an instance handles at once. If it dies after sending and before settling, so many notifications may be sent twice. Default 100.
    /// </summary>
    [Range(1, 10_000)]
    public int InHand { get; set; } = 100;

    /// <summary>How many sends to one provider an instance has under way at most. Default 50.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 50;

    /// <summary>How long one send may take. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a claim lasts. The escalations of a dead instance fall due again after this time. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait before the first retry of a send. It doubles with each try. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait before any retry of a send. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A random wait before a retry, between zero and a bound that doubles with each try. So sends that failed together are not tried again together.
    /// </summary>
    public TimeSpan WaitAfter(int tries)
    {
        var longest = Math.Min(MaxRetryDelay.TotalSeconds, RetryDelay.TotalSeconds * Math.Pow(2, tries));
        return TimeSpan.FromSeconds(longest * Random.Shared.NextDouble());
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Lease < 2 * SendTimeout)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(Lease)} is {Lease} and has to be at least twice {nameof(SendTimeout)}, {SendTimeout}: no send may outlast the lease that it began under.");
        }

        if (MaxRetryDelay < RetryDelay)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(MaxRetryDelay)} is {MaxRetryDelay} and has to be at least {nameof(RetryDelay)}, {RetryDelay}.");
        }
    }
}
