using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Instances;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The connection over which this instance hears of live notifications, apart from the one for commands. It sends itself a probe
/// at an interval: a link on which none arrives is replaced although it may look connected, and meanwhile the instance is not
/// ready.
/// </summary>
internal sealed class LiveLink(
    IConnectionMultiplexer commands, Instance instance, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<LiveLink> logger)
    : BackgroundService, IHealthCheck
{
    private readonly SemaphoreSlim _connecting = new(1);
    private IConnectionMultiplexer? _link;
    private long _heardAt = time.GetTimestamp();
    private volatile bool _hears;

    /// <summary>The link was replaced or came back: whatever was published meanwhile was not heard.</summary>
    public event Func<Task>? Restored;

    /// <summary>Probes arrive.</summary>
    public bool Hears => _hears;

    public async Task<ISubscriber> GetSubscriberAsync()
    {
        if (Volatile.Read(ref _link) is { } link)
        {
            return link.GetSubscriber();
        }

        await _connecting.WaitAsync();
        try
        {
            _link ??= await ConnectAsync();
            return _link.GetSubscriber();
        }
        finally
        {
            _connecting.Release();
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_hears
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"No probe over Redis pub/sub arrived within {options.Value.ProbeTimeout}."));

    public override void Dispose()
    {
        _link?.Dispose();
        _connecting.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ProbeInterval, time);
        var listening = false;
        try
        {
            do
            {
                try
                {
                    if (!listening)
                    {
                        await ListenAsync(await GetSubscriberAsync());
                        listening = true;
                    }

                    await ProbeAsync();
                }
                catch (Exception exception) when (exception is RedisException or TimeoutException)
                {
                    // Redis is away, and StackExchange.Redis connects again by itself. Nothing to replace.
                    Log.ProbeFailed(logger, exception);
                    _hears = false;
                    Interlocked.Exchange(ref _heardAt, time.GetTimestamp());
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task ProbeAsync()
    {
        var sentAt = time.GetTimestamp();
        await commands.GetDatabase().PublishAsync(RedisNames.Probe(instance.Id), sentAt);
        if (time.GetElapsedTime(Interlocked.Read(ref _heardAt)) <= options.Value.ProbeTimeout)
        {
            return;
        }

        // Redis took the probe, and none has come out at this end for too long.
        _hears = false;
        Log.LinkReplaced(logger, options.Value.ProbeTimeout);
        await ReplaceAsync();
    }

    private async Task ReplaceAsync()
    {
        var fresh = await ConnectAsync();
        await ListenAsync(fresh.GetSubscriber());
        var old = Interlocked.Exchange(ref _link, fresh);
        // Time for the new one's first probe before this one is given up too.
        Interlocked.Exchange(ref _heardAt, time.GetTimestamp());
        await RaiseRestoredAsync();
        old?.Dispose();
    }

    private async Task ListenAsync(ISubscriber subscriber)
    {
        var probes = await subscriber.SubscribeAsync(RedisNames.Probe(instance.Id));
        probes.OnMessage(probe =>
        {
            Interlocked.Exchange(ref _heardAt, time.GetTimestamp());
            if (!_hears)
            {
                _hears = true;
                _ = RaiseRestoredAsync();
            }
        });
    }

    private async Task RaiseRestoredAsync()
    {
        try
        {
            await (Restored?.Invoke() ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // The slow check of positions finds what this one did not.
            Log.ProbeFailed(logger, exception);
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        var configuration = ConfigurationOptions.Parse(commands.Configuration);
        configuration.AbortOnConnectFail = false;
        configuration.ClientName = $"hub {instance.Id} live";
        var link = await ConnectionMultiplexer.ConnectAsync(configuration);
        link.ConnectionRestored += (_, restored) =>
        {
            if (restored.ConnectionType == ConnectionType.Subscription)
            {
                _ = RaiseRestoredAsync();
            }
        };
        return link;
    }
}
