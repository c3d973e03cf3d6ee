namespace Notifications.Client;

public enum ConnectionState
{
    /// <summary>Not started yet, or disposed.</summary>
    Disconnected,

    /// <summary>Started, but never connected so far.</summary>
    Connecting,

    /// <summary>The hub delivers the user's own stream.</summary>
    Connected,

    /// <summary>Was connected, and tries to connect again.</summary>
    Reconnecting,
}
