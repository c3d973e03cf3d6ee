using Microsoft.Extensions.Diagnostics.HealthChecks;
using Notifications.Messaging.Registry;
using Notifications.Transport;

namespace Notifications.Gateway;

/// <summary>
/// Ready as long as the gateway knows a hub instance to send a client to: one that is in the list, and that the transport of sessions could reach when that was last
/// tried. It goes by the last list read, so a Redis that is away for a while changes nothing.
/// </summary>
internal sealed class HubsHealthCheck(HubDestinations hubs, SessionTransport? transport = null) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(hubs.Instances switch
        {
            null => HealthCheckResult.Unhealthy("The list of hub instances was not read yet: Redis does not answer."),
            { Count: 0 } => HealthCheckResult.Unhealthy("No hub instance is registered in Redis."),
            var instances when instances.Count(IsUnreachable) == instances.Count => HealthCheckResult.Unhealthy($"None of the {instances.Count} hub instances can be reached for sessions."),
            { Count: var count } => HealthCheckResult.Healthy($"{count} hub instances."),
        });

    /// <summary>Each is tried again, so that the next check knows: who sends no clients to a gateway that is not ready must hear of it when it is.</summary>
    private bool IsUnreachable(HubInstance instance) => instance.Transport is not null && transport?.IsUnreachable(instance.Address) is true;
}
