using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Notifications.Gateway;

/// <summary>
/// Resolves service names by service discovery and leaves hub instances as they are: their addresses need no resolving, and
/// service discovery would add the address to the destination id, which is the instance id that the affinity cookie is made of.
/// </summary>
internal sealed class InstanceDestinationResolver(IDestinationResolver discovery) : IDestinationResolver
{
    private static readonly CancellationChangeToken Never = new(CancellationToken.None);

    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken) =>
        destinations.Values.Any(HubDestination.IsInstance)
            ? ValueTask.FromResult(new ResolvedDestinationCollection(destinations, Never))
            : discovery.ResolveDestinationsAsync(destinations, cancellationToken);
}
