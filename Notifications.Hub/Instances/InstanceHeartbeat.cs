using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Messaging;
using StackExchange.Redis;
using Server = Microsoft.AspNetCore.Hosting.Server.IServer;

namespace Notifications.Hubs.Instances;

/// <summary>Keeps this instance's registry entry alive from when the server listens until it stops.</summary>
internal sealed class InstanceHeartbeat(
    Instance instance, LiveLink link, InstanceRegistry registry, Server server, IOptions<InstanceOptions> options, TimeProvider time, ILogger<InstanceHeartbeat> logger)
    : IHostedLifecycleService
{
    private readonly CancellationTokenSource _stopping = new();
    private string _address = "";
    private Task _loop = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Not before: the port of an address like http://localhost:0 is known once the server listens.
        _address = options.Value.Address ?? InstanceAddress.From(server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses);
        Log.Registered(logger, instance.Id, _address);
        _loop = RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>Writes the entry as the instance is now, ahead of the next refresh.</summary>
    public async Task RefreshAsync()
    {
        try
        {
            // While it does not hear it is no place for new clients either.
            var draining = instance.IsDraining || !link.Hears;
            await registry.RegisterAsync(new HubInstance(instance.Id, _address, draining), options.Value.Expiry);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Log.NotRefreshed(logger, instance.Id, exception);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _loop;
        try
        {
            await registry.RemoveAsync(instance.Id);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Log.NotRefreshed(logger, instance.Id, exception);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(options.Value.RefreshInterval, time);
        try
        {
            do
            {
                await RefreshAsync();
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // Leaving the registry follows.
        }
    }
}
