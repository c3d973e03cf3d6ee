namespace Notifications.Transport;

/// <summary>
/// How the bytes of a session travel between gateway and hub. A gateway and a hub may differ: when one of the two has no links, their sessions go by HTTP.
/// </summary>
public enum TransportMode
{
    /// <summary>All WebSocket sessions between a gateway and a hub go over one link, and their sockets are taken over from Kestrel.</summary>
    Links,

    /// <summary>Each session goes over an HTTP connection of its own, with Kestrel, YARP and SignalR as they are.</summary>
    Plain,
}
