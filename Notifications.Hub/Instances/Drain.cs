using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;
using StackExchange.Redis;

namespace Notifications.Hubs.Instances;

/// <summary>
/// The drain before an instance stops, or while an operator wants it. Gateways are told to send no new clients. Connected clients are told to reconnect to other
/// instances, spread over a window.
/// </summary>
internal sealed class Drain(
    Instance instance,
    InstanceHeartbeat heartbeat,
    ConnectionDeliveries deliveries,
    TokenSessions sessions,
    IConnectionMultiplexer redis,
    IOptions<InstanceOptions> options,
    TimeProvider time,
    ILogger<Drain> logger) : IDrain, IDisposable
{
    // The last client leaves at the window's end. The close of its connection has to arrive before the host closes it.
    private static readonly TimeSpan LastClose = TimeSpan.FromSeconds(1);
    /// <summary>How long Redis may be away before the drain ends early. Without Redis, nothing can be delivered to the clients that are left.</summary>
    private static readonly TimeSpan AwayLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _switching = new(1);
    private CancellationTokenSource? _moving;

    /// <summary>The drain before the instance stops. Connections to other hub classes than <see cref="NotificationHub"/> are closed instead.</summary>
    public async Task RunAsync()
    {
        var window = options.Value.DrainWindow;
        instance.IsStopping = true;
        await heartbeat.RefreshAsync();
        await TellToReconnectAsync(window);
        var others = sessions.EndAsync(session => !session.IsDelivered, window, CancellationToken.None);
        var away = TimeSpan.Zero;
        for (var waited = TimeSpan.Zero; (deliveries.Count > 0 || !others.IsCompleted) && waited < window + LastClose && away < AwayLimit; waited += PollInterval)
        {
            await Task.Delay(PollInterval, time);
            away = redis.IsConnected ? TimeSpan.Zero : away + PollInterval;
        }
    }

    /// <summary>
    /// An operator's switch. The instance takes no new sessions and hands its clients to others, as if it were about to stop. It stays so until the operator
    /// takes it back or the process ends. When this returns, the registry has the new state. If Redis did not answer, the next refresh writes it.
    /// </summary>
    public async Task SetAsync(bool isDrained)
    {
        await _switching.WaitAsync();
        try
        {
            if (instance.IsDrained == isDrained)
            {
                return;
            }

            instance.IsDrained = isDrained;
            await heartbeat.RefreshAsync();
            if (isDrained)
            {
                _moving = new CancellationTokenSource();
                _ = MoveAsync(_moving.Token);
            }
            else
            {
                Log.DrainTakenBack(logger, instance.Id, deliveries.Count);
                await _moving!.CancelAsync();
            }
        }
        finally
        {
            _switching.Release();
        }
    }

    public void Dispose()
    {
        _moving?.Cancel();
        _switching.Dispose();
    }

    /// <summary>Asks clients to reconnect, and then closes the connections that are left. A plain SignalR client does not know <c>reconnect</c>.</summary>
    private async Task MoveAsync(CancellationToken takenBack)
    {
        var window = options.Value.DrainWindow;
        try
        {
            await TellToReconnectAsync(window);
            await Task.Delay(window + LastClose, time, takenBack);
            await sessions.EndAsync(_ => true, window, takenBack);
        }
        catch (OperationCanceledException) when (takenBack.IsCancellationRequested)
        {
            // Clients that have not left yet stay.
        }
        catch (Exception exception)
        {
            Log.DrainIncomplete(logger, instance.Id, deliveries.Count, exception);
        }
    }

    private Task TellToReconnectAsync(TimeSpan window)
    {
        Log.Draining(logger, instance.Id, deliveries.Count, window);
        return deliveries.TellToReconnectAsync(() => window * Random.Shared.NextDouble());
    }
}
