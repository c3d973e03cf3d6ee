using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Operators;

/// <summary>Sends the state of the hub instances to operators each second (<see cref="InstanceFeed"/>). It has no methods for them to call.</summary>
internal sealed class OperatorHub(InstanceFeed feed) : Hub
{
    public const string Path = $"{HubRegistration.HubsPath}/operator";

    /// <summary>Event: an <see cref="InstanceList"/>.</summary>
    public const string Instances = "instances";

    /// <summary>Event: the reason why there is no list now, as a sentence.</summary>
    public const string Unavailable = "unavailable";

    public override Task OnConnectedAsync()
    {
        var connection = Context.ConnectionId;
        feed.Add(connection);
        Context.OnEnded(() => feed.Remove(connection));
        return Task.CompletedTask;
    }
}

/// <summary>The answer of <c>GET /api/operator/instances</c>, and the argument of <c>instances</c>.</summary>
internal sealed record InstanceList(IReadOnlyList<ObservedInstance> Instances);
