namespace Notifications.Client;

/// <summary>What was asked of the hub has no answer, since the connection is gone. The hub may have done it.</summary>
internal sealed class ConnectionLostException(Exception inner) : Exception("The connection to the hub was lost.", inner);
