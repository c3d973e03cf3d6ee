using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Notifications.Transport;
using Server = Microsoft.AspNetCore.Hosting.Server.IServer;

namespace Notifications.Hubs.Instances;

/// <summary>Keeps this instance's registry entry alive from when the server listens until it stops.</summary>
internal sealed class InstanceHeartbeat(
    Instance instance, InstanceReport report, InstanceRegistry registry, Server server, IOptions<InstanceOptions> options, TimeProvider time, RedisFailures failures,
    ILogger<InstanceHeartbeat> logger, OfferedTransport? transport = null) : IHostedLifecycleService, IHealthCheck
{
    private const string NotRefreshed = "This instance does not refresh its registry entry. It takes no new sessions, and gateways drop it when the entry expires.";

    private string _address = "";
    private DateTimeOffset _startedAt;
    private TimeSpan? _redis;
    private PeriodicTimer? _timer;
    private Task _loop = Task.CompletedTask;
    private volatile string? _refusal;

    /// <summary>Why Redis did not take the last refresh, as a sentence; null: it did. A session that began now could not be written to Redis either.</summary>
    public string? Refusal => _refusal;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Not before: the port of an address like http://localhost:0 is known once the server listens.
        _address = options.Value.Address ?? InstanceAddress.From(server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses);
        _startedAt = time.GetUtcNow();
        Log.Registered(logger, instance.Id, _address);
        _timer = new PeriodicTimer(options.Value.RefreshInterval, time);
        _loop = RunAsync(_timer);
        return Task.CompletedTask;
    }

    /// <summary>Writes the entry with the present state of the instance, before the next refresh is due.</summary>
    public async Task RefreshAsync()
    {
        try
        {
            // An instance that does not hear notifications must not get new clients either.
            var status = report.Read(_startedAt, _redis);
            var begun = time.GetTimestamp();
            await registry.RegisterAsync(new HubInstance(instance.Id, _address, Draining: status.State != HubState.Serving, transport?.Protocol), options.Value.Expiry, status);
            _redis = time.GetElapsedTime(begun);
            _refusal = null;
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            _refusal = exception.Reason();
            failures.Report(exception, NotRefreshed);
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_refusal is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        await _loop;
        try
        {
            await registry.RemoveAsync(instance.Id);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            failures.Report(exception, NotRefreshed);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends when the timer is disposed.</summary>
    private async Task RunAsync(PeriodicTimer timer)
    {
        do
        {
            await RefreshAsync();
        }
        while (await timer.WaitForNextTickAsync());
    }
}
