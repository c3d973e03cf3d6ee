using System.ComponentModel.DataAnnotations;

namespace Notifications.Transport;

/// <summary>How the bytes of a session go between gateway and hub.</summary>
public enum TransportMode
{
    /// <summary>All WebSocket sessions between a gateway and a hub over one link, and their sockets out of Kestrel's hands.</summary>
    Links,

    /// <summary>Each session over an HTTP connection of its own: Kestrel, YARP and SignalR as they are.</summary>
    Plain,
}

/// <summary>Section <c>Transport</c>, of a gateway or a hub.</summary>
public sealed class SessionTransportOptions
{
    public const string Section = "Transport";

    /// <summary>Default: <see cref="TransportMode.Links"/>, where they can be. A gateway and a hub need not agree: without links at one of the two there are none.</summary>
    [EnumDataType(typeof(TransportMode))]
    public TransportMode Mode { get; set; }

    /// <summary>At the hub: how long a client may take nothing before its session is broken off. Default: for ever. The hub sets it to its <c>Delivery:SendTimeout</c>.</summary>
    public TimeSpan SendTimeout { get; set; } = Timeout.InfiniteTimeSpan;
}
