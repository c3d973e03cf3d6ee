using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Notifications.Gateway;

/// <summary>
/// Resolves service names by service discovery, and leaves hub instances as they are: their addresses need no resolving. Service discovery
/// would also add the address to the destination id. That id is the instance id, from which the affinity cookie is made.
/// </summary>
internal sealed class InstanceDestinationResolver(IDestinationResolver discovery) : IDestinationResolver
{
    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken) =>
        destinations.Values.Any(destination => HubDestination.KeyOf(destination) is not null)
            ? ValueTask.FromResult(new ResolvedDestinationCollection(destinations, changeToken: null))
            : discovery.ResolveDestinationsAsync(destinations, cancellationToken);
}
