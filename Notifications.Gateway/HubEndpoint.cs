using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

/// <summary>Sends everything for the hub to <c>http://hub</c>, which service discovery resolves.</summary>
internal sealed class HubEndpoint(InMemoryConfigProvider proxy, IOptions<GatewayOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        proxy.UpdateHubs(new Dictionary<string, DestinationConfig> { ["hub"] = new() { Address = "http://hub" } }, options.Value);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
