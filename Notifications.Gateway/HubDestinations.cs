using Microsoft.Extensions.Options;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using Notifications.Transport;
using Yarp.ReverseProxy.Configuration;

namespace Notifications.Gateway;

internal static class HubDestinationsRegistration
{
    /// <summary>The destinations before the registry is read: none, or the one address of all hubs, which service discovery resolves.</summary>
    public static IReadOnlyDictionary<string, DestinationConfig> AtStart(GatewayOptions options) => options.Hubs is HubSource.Endpoint
        ? new Dictionary<string, DestinationConfig> { ["hub"] = new() { Address = "http://hub" } }
        : new Dictionary<string, DestinationConfig>();

    public static void AddHubDestinations(this WebApplicationBuilder builder)
    {
        if (builder.ReadGatewayOptions().Hubs is HubSource.Endpoint)
        {
            return;
        }

        builder.AddRedis();
        builder.Services.AddInstanceRegistry();
        builder.Services.AddSingleton<HubDestinations>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HubDestinations>());
        builder.Services.AddHealthChecks().AddCheck<HubsHealthCheck>("hubs");
    }
}

/// <summary>
/// Keeps YARP's destinations equal to the hub instances in the registry. A destination's id is the instance's id. After a failed read
/// the last list stays in use.
/// </summary>
internal sealed class HubDestinations(
    InstanceRegistry registry, InMemoryConfigProvider proxy, GatewayTelemetry telemetry, IOptions<GatewayOptions> options, TimeProvider time, ILogger<HubDestinations> logger,
    SessionTransport? transport = null) : BackgroundService
{
    private volatile IReadOnlyList<HubInstance>? _instances;
    private Dictionary<string, DateTimeOffset> _knownSince = [];
    private bool _failing;

    /// <summary>The longest time between two reads, as a multiple of <see cref="GatewayOptions.PollInterval"/>.</summary>
    public const double MaxJitter = 1.25;

    /// <summary>The list that was read last, in the order of the ids. Null before the first read.</summary>
    public IReadOnlyList<HubInstance>? Instances => _instances;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.ObserveHubs(isDraining => _instances?.Count(instance => instance.Draining == isDraining) ?? 0);
        while (!stoppingToken.IsCancellationRequested)
        {
            await RefreshAsync(stoppingToken);
            // Jitter, so that many gateways do not read at the same time.
            var wait = options.Value.PollInterval * (0.75 + (Random.Shared.NextDouble() * (MaxJitter - 0.75)));
            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            Use(await registry.ListAsync(cancellationToken));
            if (_failing)
            {
                _failing = false;
                Log.RegistryIsBack(logger, _instances!.Count);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Shutting down.
        }
        catch (Exception exception)
        {
            // Logged once for each outage, because this runs every second.
            if (!_failing)
            {
                _failing = true;
                Log.RegistryUnreadable(logger, exception.IsFromRedis() ? exception.Reason() : exception.ToString(), _instances?.Count ?? 0);
            }
        }
    }

    private void Use(IReadOnlyList<HubInstance> instances)
    {
        if (_instances is { } known && known.SequenceEqual(instances))
        {
            return;
        }

        // This gateway assumes that all other gateways know the instances of its first list.
        var now = _instances is null ? DateTimeOffset.UnixEpoch : time.GetUtcNow();
        _knownSince = instances.ToDictionary(instance => instance.Id, instance => _knownSince.GetValueOrDefault(instance.Id, now));
        proxy.UpdateHubs(
            instances.Where(IsReachable).ToDictionary(instance => instance.Id, instance => HubDestination.Of(instance, _knownSince[instance.Id])),
            options.Value);
        _instances = instances;
        transport?.KeepOnly(instances.Select(instance => instance.Address).ToHashSet(StringComparer.Ordinal));
        Log.InstancesChanged(logger, instances.Count, string.Join(", ", instances.Select(instance => instance.Draining ? instance.Id + " (draining)" : instance.Id)));
    }

    /// <summary>Whether YARP accepts the address. YARP refuses the whole configuration for one invalid address, so only that instance is left out.</summary>
    private bool IsReachable(HubInstance instance)
    {
        var valid = Uri.TryCreate(instance.Address, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
        if (!valid)
        {
            Log.AddressInvalid(logger, instance.Id, instance.Address);
        }

        return valid;
    }
}
