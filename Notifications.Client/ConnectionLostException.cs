namespace Notifications.Client;

/// <summary>A call of the hub has no answer, because the connection is gone. The hub may have executed the call.</summary>
internal sealed class ConnectionLostException(Exception inner) : Exception("The connection to the hub was lost.", inner);
