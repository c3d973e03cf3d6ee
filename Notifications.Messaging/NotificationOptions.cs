using System.Buffers;
using System.ComponentModel.DataAnnotations;

namespace Notifications.Messaging;

/// <summary>
/// The prefix of the names in Redis, and the limits and lifetimes of notifications; section <c>Notifications</c>. All services must have the same values.
/// </summary>
public sealed class NotificationOptions : IValidatableObject
{
    public const string Section = "Notifications";

    private const int MaxKeyPrefixLength = 64;

    private static readonly SearchValues<char> KeyPrefixCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/");

    /// <summary>
    /// The prefix of every Redis key and channel, such as <c>staging:</c>. With a prefix each, several environments can share one Redis. All services of one
    /// environment need the same prefix. Default: none. Never change it under live data: data under the old names is not found any more.
    /// </summary>
    /// <remarks>At most 64 ASCII letters, digits and <c>. _ - : /</c>. Braces, white space and wildcards mean something to Redis and are not allowed.</remarks>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The largest payload, and the largest push part, in bytes of UTF-8 JSON. Default 16 KiB.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxPayloadBytes { get; set; } = 16 * 1024;

    /// <summary>How many notifications a log keeps at least; it may have up to a tenth more. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int LogLength { get; set; } = 1_000;

    /// <summary>How long a log lives after its last notification, and how long a device that does not connect is remembered. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan LogLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long an id is remembered: the idempotency window. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan IdLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How many devices of a user are kept. One more removes the device that was unseen for the longest time. When the removed device comes back, it is a new
    /// device. If it is still connected, it goes on getting everything. Its next acknowledgement adds it again and removes another device. Default 100.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxDevices { get; set; } = 100;

    /// <summary>
    /// How long a connected user has to acknowledge before the notification goes to their phones, unless <see cref="Push.Grace"/> is set. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PushGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the hubs try to send a notification to a phone, unless <see cref="Push.TimeToLive"/> is set. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "28.00:00:00")]
    public TimeSpan PushTimeToLive { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How many phones of a user are kept. One more replaces the phone that was registered the longest time ago. Default 20.</summary>
    [Range(1, 1_000)]
    public int MaxPhones { get; set; } = 20;

    /// <summary>How long a phone is kept after its last registration. Default 270 days, the limit of FCM.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan PhoneLifetime { get; set; } = TimeSpan.FromDays(270);

    /// <summary>
    /// How many replicas must confirm a notification before its publish returns (Redis's WAIT). Default 0: the primary's answer is enough. A larger number
    /// costs each publish a round trip between primary and replica.
    /// </summary>
    [Range(0, 10)]
    public int WaitForReplicas { get; set; }

    /// <summary>
    /// How long the replicas have to confirm. After that, publishing throws <see cref="NotReplicatedException"/>. Default 1 s; at most 4 s, below the time-out
    /// of commands.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:04")]
    public TimeSpan WaitTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a stream's epoch and offset live after its last notification. The cursors of a user live as long after one of their devices connects or
    /// acknowledges. Four times <see cref="LogLifetime"/>, so that a reader who has seen everything is not told of a gap.
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
