using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Notifications.AspNetCore;

/// <summary>
/// Logs when Redis is lost and when it is back. When the service stops while Redis is away, it also closes the connection: calls that wait for an
/// answer then fail at once, and not only after the time limit of 5 s. Ctrl-C in the AppHost, for example, stops Redis at the same moment.
/// </summary>
internal sealed class RedisWatch(IConnectionMultiplexer redis, StopBegun stop, TimeProvider time, ILogger<RedisWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    /// <summary>A connection that was only interrupted is restored within this time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private long? _lostAt;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        redis.ConnectionFailed += OnFailed;
        redis.ConnectionRestored += OnRestored;
        if (!redis.IsConnected)
        {
            OnLost("it does not answer");
        }

        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        redis.ConnectionFailed -= OnFailed;
        redis.ConnectionRestored -= OnRestored;
        base.Dispose();
    }

    /// <summary>Begins its work when the service is told to stop. Ends when this background service is stopped, as one of the last.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            for (var away = TimeSpan.Zero; away < Patience; away = redis.IsConnected ? TimeSpan.Zero : away + Interval)
            {
                await Task.Delay(Interval, time, stoppingToken);
            }

            await redis.CloseAsync(allowCommandsToComplete: false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Redis was there to the end.
        }
    }

    private void OnFailed(object? sender, ConnectionFailedEventArgs failed)
    {
        if (!redis.IsConnected)
        {
            OnLost($"{failed.FailureType} at {EndPointCollection.ToString(failed.EndPoint)}");
        }
    }

    private void OnLost(string why)
    {
        lock (_lock)
        {
            if (_lostAt is null && !stop.Token.IsCancellationRequested)
            {
                _lostAt = time.GetTimestamp();
                Log.RedisLost(logger, why);
            }
        }
    }

    private void OnRestored(object? sender, ConnectionFailedEventArgs restored)
    {
        lock (_lock)
        {
            if (_lostAt is { } lostAt)
            {
                _lostAt = null;
                Log.RedisBack(logger, EndPointCollection.ToString(restored.EndPoint), time.GetElapsedTime(lostAt));
            }
        }
    }
}
