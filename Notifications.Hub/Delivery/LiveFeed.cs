using System.Buffers.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The connection on which this instance hears live notifications, apart from the connection for commands. The instance sends itself probes at an interval. A
/// connection on which no probe arrives is replaced, even if it looks healthy. Until probes arrive, the instance is not ready. In a Redis Cluster the feed has
/// a connection to each primary, and every partition has a probe of its own.
/// </summary>
internal sealed class LiveFeed : BackgroundService, IHealthCheck
{
    /// <summary>If a replaced connection does not help, the wait until the next replacement doubles, at most so many times.</summary>
    private const int MaxDoublings = 4;

    private const string NotProbed = "This instance does not know whether it hears new notifications. It takes no sessions until a probe arrives.";

    private readonly IConnectionMultiplexer _commands;
    private readonly RedisConnections _connections;
    private readonly LiveChannels _channels;
    private readonly string _instance;
    private readonly DeliveryOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisFailures _failures;
    private readonly ILogger<LiveFeed> _logger;
    private readonly LiveServers _servers;
    private volatile PartitionProbe[] _probes = [];
    private Task _following = Task.CompletedTask;
    private int _next;
    private int _replacements;
    private long _replacedAt;

    public LiveFeed(
        IConnectionMultiplexer commands, RedisConnections connections, LiveChannels channels, string instance, IOptions<DeliveryOptions> options, TimeProvider time,
        RedisFailures failures, ILogger<LiveFeed> logger)
    {
        (_commands, _connections, _channels, _instance, _options, _time, _failures, _logger) = (commands, connections, channels, instance, options.Value, time, failures, logger);
        _servers = new LiveServers(commands, connections, $"hub-{instance}-live", Restore, logger);
        _replacedAt = time.GetTimestamp();
    }

    /// <summary>A connection was replaced or came back. Messages of these partitions may have been missed in the meantime.</summary>
    public event Func<IReadOnlySet<int>, Task>? Restored;

    /// <summary>Whether probes arrive from every partition whose server takes them.</summary>
    public bool Hears => _probes.Any(probe => probe.IsHeard) && !_probes.Any(probe => probe.IsDeaf(_options.ProbeTimeout));

    /// <summary>
    /// Listens to the channel until <see cref="Leave"/>, also after its connection was lost or replaced. Then <see cref="Restored"/> is raised. The handler must
    /// not wait, and has to copy what it keeps (<see cref="LiveChannel"/>).
    /// </summary>
    /// <exception cref="RedisException">Redis does not confirm the subscription in time, or refuses it.</exception>
    public async Task<LiveChannel> ListenAsync(RedisChannel channel, Action<ReadOnlySpan<byte>> receive)
    {
        var live = _servers.Add(channel, receive);
        try
        {
            await live.Listening.WaitAsync(_connections.AnswerTimeout, _time);
            return live;
        }
        catch (TimeoutException exception)
        {
            _servers.Remove(live);
            throw new RedisConnectionException(
                ConnectionFailureType.UnableToConnect, CommandFlags.None, $"Redis has not confirmed within {_connections.AnswerTimeout} that this instance listens to {channel}.", exception);
        }
        catch (RedisException)
        {
            _servers.Remove(live);
            throw;
        }
    }

    public void Leave(LiveChannel channel) => _servers.Remove(channel);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Hears
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"No probe over Redis pub/sub arrived within {_options.ProbeTimeout}."));

    public override void Dispose()
    {
        _servers.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.ProbeInterval, _time);
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

                    await FollowAsync();
                    ReplaceWhereDeaf();
                    Send();
                }
                catch (Exception exception) when (exception.IsFromRedis())
                {
                    // Redis is away, and StackExchange.Redis connects again by itself.
                    _failures.Report(exception, NotProbed);
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
        // Without a cluster, all partitions are on one connection.
        var count = await _channels.AreShardedAsync() ? RedisNames.Partitions : 1;
        var probes = await Task.WhenAll(Enumerable.Range(0, count)
            .Select(async partition => new PartitionProbe(partition, await _channels.ProbeAsync(partition, _instance), _time)));
        var listening = probes.Select(probe => _servers.Add(probe.Channel, message => Hear(probe, message)).Listening).ToArray();
        _probes = probes;
        try
        {
            await Task.WhenAll(listening).WaitAsync(_connections.AnswerTimeout, _time);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            // One server or all of them are away again. They are asked again later, and until then the probes show that nothing is heard.
            _failures.Report(exception, NotProbed);
        }
    }

    /// <summary>Follows the servers, unless an earlier call still runs. Redis may answer slowly, and the probes must not wait for it.</summary>
    private async ValueTask FollowAsync()
    {
        if (_following.IsCompleted)
        {
            var last = _following;
            _following = _servers.FollowAsync();
            await last;
        }
    }

    /// <summary>Sends the probe of each partition once within the time-out. The probes of partitions that are not known to be well are sent at once.</summary>
    private void Send()
    {
        var share = (int)Math.Ceiling(_probes.Length * (_options.ProbeInterval / _options.ProbeTimeout));
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
        try
        {
            await probe.SendAsync(_commands.GetDatabase());
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            _failures.Report(exception, NotProbed);
        }
    }

    private void ReplaceWhereDeaf()
    {
        var timeout = _options.ProbeTimeout;
        var deaf = _probes.Where(probe => probe.IsDeaf(timeout)).ToArray();
        if (deaf.Length == 0)
        {
            _replacements = _probes.All(probe => probe.IsWell) ? 0 : _replacements;
            return;
        }

        var pause = timeout * (1 << Math.Min(_replacements, MaxDoublings));
        if (_time.GetElapsedTime(_replacedAt) <= pause)
        {
            return;
        }

        // Redis took probes, but for too long none has arrived.
        Log.FeedReplaced(_logger, timeout);
        _replacements++;
        _replacedAt = _time.GetTimestamp();
        foreach (var connection in deaf.Select(probe => _servers.ConnectionOf(probe.Channel)).OfType<LiveConnection>().Distinct().ToArray())
        {
            _servers.Replace(connection);
        }
    }

    private void Hear(PartitionProbe probe, ReadOnlySpan<byte> message)
    {
        if (Utf8Parser.TryParse(message, out long number, out _) && probe.Hear(number, _options.ProbeInterval))
        {
            RaiseRestored(_probes.Length > 1 ? new HashSet<int> { probe.Partition } : RedisNames.AllPartitions);
        }
    }

    private void Restore(LiveConnection connection) => RaiseRestored(
        _probes is { Length: > 1 } probes
            ? probes.Where(probe => _servers.ConnectionOf(probe.Channel) == connection).Select(probe => probe.Partition).ToHashSet()
            : RedisNames.AllPartitions);

    /// <summary>Raises the event on another thread than the one that reads the connection.</summary>
    private void RaiseRestored(IReadOnlySet<int> partitions) => _ = Task.Run(async () =>
    {
        try
        {
            // The task of the event itself would be that of the last handler only.
            List<Task> handled = [];
            foreach (var handler in Delegate.EnumerateInvocationList(Restored))
            {
                handled.Add(handler(partitions));
            }

            await Task.WhenAll(handled);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            // The periodic check of positions finds what was missed.
            _failures.Report(exception, NotProbed);
        }
    });
}
