namespace Notifications.Hubs.Instances;

/// <summary>A part of the hub that handles messages of other hubs.</summary>
internal interface IHubMessageHandler
{
    /// <summary>Called for every message, also while another call runs. An exception is logged.</summary>
    Task HandleAsync(HubMessage message);

    /// <summary>
    /// Reads from Redis the state that missed messages may have changed. It is called at the start, when the live feed is back, and otherwise at a slow, steady
    /// pace. Never runs twice at once.
    /// </summary>
    Task CatchUpAsync() => Task.CompletedTask;
}
