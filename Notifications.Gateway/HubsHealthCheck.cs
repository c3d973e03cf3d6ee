using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Notifications.Gateway;

/// <summary>
/// Ready as long as the gateway knows a hub instance to send a client to. It goes by the last list read, so a Redis that is
/// away for a while changes nothing.
/// </summary>
internal sealed class HubsHealthCheck(HubDestinations hubs) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(hubs.Instances switch
        {
            null => HealthCheckResult.Unhealthy("The list of hub instances was not read yet: Redis does not answer."),
            { Count: 0 } => HealthCheckResult.Unhealthy("No hub instance is registered in Redis."),
            { Count: var count } => HealthCheckResult.Healthy($"{count} hub instances."),
        });
}
