using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Operators;

/// <summary>Tells operators each second how the hub instances are (<see cref="InstanceFeed"/>). They have nothing to ask it.</summary>
internal sealed class OperatorHub(InstanceFeed feed) : Hub
{
    public const string Path = $"{HubRegistration.HubsPath}/operator";

    /// <summary>Event: an <see cref="InstanceList"/>.</summary>
    public const string Instances = "instances";

    /// <summary>Event: why there is no list now, in words.</summary>
    public const string Unavailable = "unavailable";

    public override Task OnConnectedAsync()
    {
        var connection = Context.ConnectionId;
        feed.Add(connection);
        Context.OnEnded(() => feed.Remove(connection));
        return Task.CompletedTask;
    }
}

/// <summary>What <c>GET /api/operator/instances</c> answers.</summary>
internal sealed record InstanceList(IReadOnlyList<ObservedInstance> Instances);
