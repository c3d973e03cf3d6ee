using System.ComponentModel.DataAnnotations;

namespace Notifications.Transport;

/// <summary>How the bytes of a session travel between gateway and hub.</summary>
public enum TransportMode
{
    /// <summary>All WebSocket sessions between a gateway and a hub go over one link, and their sockets are taken over from Kestrel.</summary>
    Links,

    /// <summary>Each session goes over an HTTP connection of its own, with Kestrel, YARP and SignalR as they are.</summary>
    Plain,
}

/// <summary>The section <c>Transport</c> of the configuration of a gateway or a hub.</summary>
public sealed class SessionTransportOptions
{
    public const string Section = "Transport";

    /// <summary>
    /// Default: <see cref="TransportMode.Links"/>, where links are possible. A gateway and a hub may
    /// differ: when one of the two has no links, their sessions go by HTTP.
    /// </summary>
    [EnumDataType(typeof(TransportMode))]
    public TransportMode Mode { get; set; }

    /// <summary>
    /// At the hub: how long a client may take nothing before its session is aborted. Default: no limit. The hub sets it to its <c>Delivery:SendTimeout</c>.
    /// </summary>
    public TimeSpan SendTimeout { get; set; } = Timeout.InfiniteTimeSpan;
}
