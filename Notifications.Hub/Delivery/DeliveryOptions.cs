using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Delivery;

/// <summary>How an instance delivers, section <c>Delivery</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Delivery";

    /// <summary>How many live notifications wait for one connection at most. Further notifications are read from the log later. Default 64.</summary>
    [Range(1, 10_000)]
    public int QueueLength { get; set; } = 64;

    /// <summary>How many notifications one read of the log returns at most. Default 100.</summary>
    [Range(1, 10_000)]
    public int PageSize { get; set; } = 100;

    /// <summary>How often acknowledgements are written. If a crash loses acknowledgements, their notifications are delivered again. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan AcknowledgeInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long it takes to compare the positions of all streams with their logs once. So a loss on a quiet stream stays unseen at most this long. The check
    /// also keeps alive the epoch of a stream without notifications (<see cref="NotificationLog.UnusedLifetime"/>), so it is at most 2 minutes. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:02:00")]
    public TimeSpan PositionCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the instance sends itself a probe over pub/sub. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long without a probe the live feed counts as dead. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a write to a client may take. After that its connection is closed, because the client reads nothing any more. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
