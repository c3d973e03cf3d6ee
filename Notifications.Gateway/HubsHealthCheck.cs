using Microsoft.Extensions.Diagnostics.HealthChecks;
using Notifications.Messaging.Registry;
using Notifications.Transport;

namespace Notifications.Gateway;

/// <summary>
/// Healthy as long as the gateway knows a hub instance for its clients. Such an instance is in the list, and the last attempt to open a
/// connection for sessions to it did not fail. The check uses the list that was read last, so it stays healthy while Redis is away for a while.
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

    /// <summary>
    /// Also tries each unreachable instance again, for the next check. No session would do that, because
    /// a load balancer sends no clients to a gateway that is not ready.
    /// </summary>
    private bool IsUnreachable(HubInstance instance) => instance.Transport is not null && transport?.IsUnreachable(instance.Address) is true;
}
