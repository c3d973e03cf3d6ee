using System.Buffers;
using System.ComponentModel.DataAnnotations;

namespace Notifications.Messaging;

/// <summary>Prefix of the names in Redis, limits and lifetimes of notifications, section <c>Notifications</c>. All services must agree on them.</summary>
public sealed class NotificationOptions : IValidatableObject
{
    public const string Section = "Notifications";

    private const int MaxKeyPrefixLength = 64;

    private static readonly SearchValues<char> KeyPrefixCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/");

    /// <summary>
    /// What every Redis key and channel begins with, such as <c>staging:</c>, so that several environments can share one Redis. All services of one
    /// environment need the same. Default: nothing. Never change it under live data: what is kept under the old names is not found any more.
    /// </summary>
    /// <remarks>Up to 64 characters out of ASCII letters, digits and <c>. _ - : /</c>: no braces, white space or wildcards, which mean something to Redis.</remarks>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The largest payload, and the largest push part, in bytes of UTF-8 JSON. Default 16 KiB.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxPayloadBytes { get; set; } = 16 * 1024;

    /// <summary>How many notifications a log keeps at the least; up to a tenth more may stand in it. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int LogLength { get; set; } = 1_000;

    /// <summary>How long a log lives after its last notification, and how long a device that stays away is remembered. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan LogLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long an id is remembered, the idempotency window. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan IdLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How many devices of a user are kept apart; one more pushes out the one longest unseen, which is a new one when it comes back. If it is still
    /// connected, it goes on getting everything, and its next acknowledgement gives it its place again and pushes out another. Default 100.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxDevices { get; set; } = 100;

    /// <summary>How long a connected user has to acknowledge before their phones are asked, unless a notification says otherwise. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PushGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long sending to a phone is tried, unless a notification says otherwise. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "28.00:00:00")]
    public TimeSpan PushTimeToLive { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How many phones of a user are kept; one more takes the place of the one registered longest ago. Default 20.</summary>
    [Range(1, 1_000)]
    public int MaxPhones { get; set; } = 20;

    /// <summary>How long a phone that is not registered again is kept; FCM's own limit. Default 270 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan PhoneLifetime { get; set; } = TimeSpan.FromDays(270);

    /// <summary>
    /// How many replicas must confirm a notification before its publish returns (Redis's WAIT). Default 0: the primary's answer is
    /// enough. Costs each publish a round trip between primary and replica.
    /// </summary>
    [Range(0, 10)]
    public int WaitForReplicas { get; set; }

    /// <summary>How long they have; after that publishing throws <see cref="NotReplicatedException"/>. Default 1 s, at most 4 s: below the time-out of commands.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:04")]
    public TimeSpan WaitTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a stream's epoch and offset outlive its last notification, and the cursors of its user's devices their last coming: well past
    /// <see cref="LogLifetime"/>, so that a reader who has seen everything is not told that something was lost. Four times as long.
    /// </summary>
    public TimeSpan StreamLifetime => LogLifetime * 4;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var prefix = KeyPrefix.AsSpan();
        if (prefix.Length > MaxKeyPrefixLength || prefix.ContainsAnyExcept(KeyPrefixCharacters))
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(KeyPrefix)} is \"{KeyPrefix}\" and has to have at most {MaxKeyPrefixLength} characters out of a-z A-Z 0-9 . _ - : /. Set one such as \"staging:\", the same for all services of an environment, or remove it.");
        }
    }
}
