namespace Notifications.Hubs.Links;

/// <summary>Takes messages of a client that need not go through SignalR.</summary>
internal interface IMessageTaker
{
    /// <summary>Never waits: it holds up the sessions of a whole link.</summary>
    /// <param name="message">A text message of the WebSocket. Gone when it returns.</param>
    /// <returns>False: it goes on to SignalR.</returns>
    bool TryTake(ReadOnlySpan<byte> message);
}
