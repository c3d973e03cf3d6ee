using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Delivery;

/// <summary>How an instance delivers, section <c>Delivery</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Delivery";

    /// <summary>How many live notifications wait for one connection; what comes beyond is read from the log later. Default 64.</summary>
    [Range(1, 10_000)]
    public int QueueLength { get; set; } = 64;

    /// <summary>How many notifications one read of the log brings. Default 100.</summary>
    [Range(1, 10_000)]
    public int PageSize { get; set; } = 100;

    /// <summary>How often acknowledgements are written. What a crash loses of them is delivered again. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan AcknowledgeInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long every stream's position takes to be compared with the log once, so the longest that a loss on a quiet stream stays unseen. It also keeps alive
    /// the epoch of a stream that nobody publishes to (<see cref="NotificationLog.UnusedLifetime"/>), so it is at most 2 minutes. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:02:00")]
    public TimeSpan PositionCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the instance sends itself a probe over pub/sub. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long without a probe the live link counts as dead. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a write to a client may take before its connection is closed: it reads nothing any more. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
