using Microsoft.Extensions.Diagnostics.HealthChecks;
using Notifications.Gateway.Links;
using Notifications.Messaging.Registry;

namespace Notifications.Gateway;

/// <summary>
/// Ready as long as the gateway knows a hub instance to send a client to: one that is in the list, and to which a session link could be opened when that was last
/// tried. It goes by the last list read, so a Redis that is away for a while changes nothing.
/// </summary>
internal sealed class HubsHealthCheck(HubDestinations hubs, SessionLinks links) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(hubs.Instances switch
        {
            null => HealthCheckResult.Unhealthy("The list of hub instances was not read yet: Redis does not answer."),
            { Count: 0 } => HealthCheckResult.Unhealthy("No hub instance is registered in Redis."),
            var instances when RefusedOf(instances) == instances.Count => HealthCheckResult.Unhealthy($"No session link to any of the {instances.Count} hub instances can be opened."),
            { Count: var count } => HealthCheckResult.Healthy($"{count} hub instances."),
        });

    /// <summary>Each is tried again, so that the next check knows: who sends no clients to a gateway that is not ready must hear of it when it is.</summary>
    private int RefusedOf(IReadOnlyList<HubInstance> instances)
    {
        HubInstance[] refused = [.. instances.Where(instance => instance.SessionLinks && links.IsRefused(instance.Address))];
        foreach (var instance in refused)
        {
            links.Get(instance.Address);
        }

        return refused.Length;
    }
}
