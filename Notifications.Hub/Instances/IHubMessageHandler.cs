namespace Notifications.Hubs.Instances;

/// <summary>A part of the hub that other hubs tell something.</summary>
internal interface IHubMessageHandler
{
    /// <summary>Called for every message, beside others. What it throws is logged.</summary>
    Task HandleAsync(HubMessage message);

    /// <summary>
    /// Reads from Redis what may have been told while nothing was heard: at the start, when the live link is back, and at a slow steady pace
    /// otherwise. Never runs twice at once.
    /// </summary>
    Task CatchUpAsync() => Task.CompletedTask;
}
