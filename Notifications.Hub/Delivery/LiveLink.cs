using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Instances;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The connection over which this instance hears of live notifications, apart from the one for commands. It sends itself probes
/// at an interval: a link on which none arrive is replaced although it may look connected, and meanwhile the instance is not
/// ready. In a Redis Cluster the link is a connection to each node, and every partition has a probe of its own.
/// </summary>
internal sealed class LiveLink(
    IConnectionMultiplexer commands,
    RedisConnections connections,
    LiveChannels channels,
    Instance instance,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<LiveLink> logger)
    : BackgroundService, IHealthCheck
{
    /// <summary>Where replacing the link does not help, each next time comes twice as late, up to so many doublings.</summary>
    private const int MaxDoublings = 4;

    private readonly SemaphoreSlim _connecting = new(1);
    private IConnectionMultiplexer? _link;
    private volatile PartitionProbe[] _probes = [];
    private int _next;
    private int _replacements;
    private long _replacedAt = time.GetTimestamp();

    /// <summary>In these partitions the link was replaced or came back: whatever was published meanwhile was not heard.</summary>
    public event Func<IReadOnlySet<int>, Task>? Restored;

    /// <summary>Probes arrive from every partition whose server takes them.</summary>
    public bool Hears => _probes.Any(probe => probe.IsHeard) && !_probes.Any(probe => probe.IsDeaf(options.Value.ProbeTimeout));

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
        Task.FromResult(Hears
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
        try
        {
            do
            {
                try
                {
                    if (_probes.Length == 0)
                    {
                        await BeginAsync();
                    }

                    await ReplaceIfDeafAsync();
                    Send();
                }
                catch (Exception exception) when (exception is RedisException or TimeoutException)
                {
                    // Redis is away, and StackExchange.Redis connects again by itself.
                    Log.ProbeFailed(logger, exception);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task BeginAsync()
    {
        // Without a cluster all partitions are one connection's.
        var count = await channels.AreShardedAsync() ? RedisNames.Partitions : 1;
        var probes = new PartitionProbe[count];
        for (var partition = 0; partition < count; partition++)
        {
            probes[partition] = new PartitionProbe(partition, await channels.ProbeAsync(partition, instance.Id), time);
        }

        await ListenAsync(await GetSubscriberAsync(), probes);
        _probes = probes;
    }

    /// <summary>Every partition within the time-out, and at once those of which it is not known that they are well.</summary>
    private void Send()
    {
        var share = (int)Math.Ceiling(_probes.Length * (options.Value.ProbeInterval / options.Value.ProbeTimeout));
        var due = _probes.Where(probe => !probe.IsWell).ToHashSet();
        for (var count = Math.Min(share, _probes.Length); count > 0; count--)
        {
            due.Add(_probes[_next++ % _probes.Length]);
        }

        foreach (var probe in due)
        {
            _ = SendAsync(probe);
        }
    }

    private async Task SendAsync(PartitionProbe probe)
    {
        var wasHeard = probe.IsHeard;
        try
        {
            await probe.SendAsync(commands.GetDatabase());
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            if (wasHeard)
            {
                Log.ProbeFailed(logger, exception);
            }
        }
    }

    private async Task ReplaceIfDeafAsync()
    {
        var timeout = options.Value.ProbeTimeout;
        if (!_probes.Any(probe => probe.IsDeaf(timeout)))
        {
            _replacements = _probes.All(probe => probe.IsWell) ? 0 : _replacements;
            return;
        }

        var pause = timeout * (1 << Math.Min(_replacements, MaxDoublings));
        if (time.GetElapsedTime(_replacedAt) <= pause)
        {
            return;
        }

        // Redis took probes, and for too long none has come out at this end.
        Log.LinkReplaced(logger, timeout);
        _replacements++;
        _replacedAt = time.GetTimestamp();
        await ReplaceAsync();
    }

    private async Task ReplaceAsync()
    {
        var fresh = await ConnectAsync();
        await ListenAsync(fresh.GetSubscriber(), _probes);
        var old = Interlocked.Exchange(ref _link, fresh);
        foreach (var probe in _probes)
        {
            probe.Forget();
        }

        await RaiseRestoredAsync(RedisNames.AllPartitions);
        old?.Dispose();
    }

    private Task ListenAsync(ISubscriber subscriber, PartitionProbe[] probes) =>
        Task.WhenAll(probes.Select(async probe =>
        {
            try
            {
                await subscriber.SubscribeAsync(probe.Channel, (_, number) => Hear(subscriber, probe, (long)number), CommandFlags.DemandMaster);
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException && probes.Length > 1)
            {
                // One of several servers is away. StackExchange.Redis has noted the channel and subscribes to it when it is back.
                Log.ProbeFailed(logger, exception);
            }
        }));

    private void Hear(ISubscriber subscriber, PartitionProbe probe, long number)
    {
        if (ReferenceEquals(subscriber.Multiplexer, Volatile.Read(ref _link)) && probe.Hear(number, options.Value.ProbeInterval))
        {
            _ = RaiseRestoredAsync(_probes.Length > 1 ? new HashSet<int> { probe.Partition } : RedisNames.AllPartitions);
        }
    }

    private async Task RaiseRestoredAsync(IReadOnlySet<int> partitions)
    {
        try
        {
            await (Restored?.Invoke(partitions) ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // The slow check of positions finds what this one did not.
            Log.ProbeFailed(logger, exception);
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        var link = await connections.ConnectAsync(commands, $"hub {instance.Id} live");
        link.ConnectionRestored += (_, restored) =>
        {
            // Nobody listens at a replica.
            if (restored.ConnectionType == ConnectionType.Subscription
                && !link.GetServers().Any(server => server.IsReplica && server.EndPoint.Equals(restored.EndPoint)))
            {
                _ = RaiseRestoredAsync(RedisNames.AllPartitions);
            }
        };
        link.HashSlotMoved += (_, moved) => _ = RaiseRestoredAsync(
            RedisNames.AllPartitions.Where(partition => link.HashSlot(RedisNames.Probe(partition, instance.Id)) == moved.HashSlot).ToHashSet());
        return link;
    }
}
