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
}
