namespace Notifications.Transport;

/// <summary>What a hub sets for the sessions that come over links.</summary>
internal sealed class SessionTransportOptions
{
    /// <summary>How long a client may take nothing before its session is aborted. Default: no limit. The hub sets it to its <c>Delivery:SendTimeout</c>.</summary>
    public TimeSpan SendTimeout { get; set; } = Timeout.InfiniteTimeSpan;
}
