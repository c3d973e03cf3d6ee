using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Stops the use of an instance at the first request that could not reach it. A killed instance stays in the registry until its
/// entry expires. Without this policy, new sessions would be tried at that instance first until then.
/// </summary>
/// <remarks>
/// Only a request that got no answer at all counts. A WebSocket that breaks off says nothing about the instance, because an
/// instance also closes connections on purpose.
/// </remarks>
internal sealed class UnreachableInstances(IDestinationHealthUpdater health, ILogger<UnreachableInstances> logger) : IPassiveHealthCheckPolicy
{
    public const string PolicyName = "UnreachableInstances";

    /// <summary>Instances from the first request that failed to the first request that was answered, whatever fails in between.</summary>
    private readonly ConditionalWeakTable<DestinationState, object> _outages = [];

    public string Name => PolicyName;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var pause = cluster.Model.Config.HealthCheck!.Passive!.ReactivationPeriod!.Value;
        switch (context.GetForwarderErrorFeature())
        {
            case null:
                health.SetPassive(cluster, destination, DestinationHealth.Healthy, pause);
                // Most requests find no outage. TryGetValue takes no lock.
                if (_outages.TryGetValue(destination, out _) && _outages.Remove(destination))
                {
                    Log.ReachableAgain(logger, cluster.ClusterId, destination.DestinationId);
                }

                break;
            case { Error: ForwarderError.Request or ForwarderError.RequestTimedOut } failure:
                health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, pause);
                if (_outages.TryAdd(destination, destination.DestinationId))
                {
                    Log.Unreachable(logger, cluster.ClusterId, destination.DestinationId, destination.Model.Config.Address, Reason(failure.Exception), pause);
                }

                break;
        }
    }

    /// <summary>YARP's own message is the same for every failure, and the HTTP client's message is longer than that of the network.</summary>
    private static string Reason(Exception? exception) => exception switch
    {
        HttpRequestException { InnerException: { } network } => network.Message,
        null => "no answer",
        _ => exception.Message.TrimEnd('.'),
    };
}
