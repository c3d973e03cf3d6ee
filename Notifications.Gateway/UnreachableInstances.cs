using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway;

/// <summary>
/// Takes an instance out at the first request that could not reach it. One that was killed stays in the registry until its
/// entry expires; without this, every client that it had would be sent back to it by its affinity cookie until then.
/// </summary>
/// <remarks>
/// Only a request that got no answer at all counts. A WebSocket that breaks off says nothing about the instance: it closes
/// connections on its own account as well.
/// </remarks>
internal sealed class UnreachableInstances(IDestinationHealthUpdater health) : IPassiveHealthCheckPolicy
{
    public const string PolicyName = "UnreachableInstances";

    public string Name => PolicyName;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var pause = cluster.Model.Config.HealthCheck!.Passive!.ReactivationPeriod!.Value;
        switch (context.GetForwarderErrorFeature()?.Error)
        {
            case null:
                health.SetPassive(cluster, destination, DestinationHealth.Healthy, pause);
                break;
            case ForwarderError.Request or ForwarderError.RequestTimedOut:
                health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, pause);
                break;
        }
    }
}
