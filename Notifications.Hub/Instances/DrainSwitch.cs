using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Tokens;

namespace Notifications.Hubs.Instances;

/// <summary>
/// An operator's switch. The instance takes no new sessions and hands its clients to others, as if it were about to stop. It stays so until the operator takes
/// it back or the process ends.
/// </summary>
internal sealed class DrainSwitch(
    Instance instance,
    InstanceHeartbeat heartbeat,
    ConnectionDeliveries deliveries,
    TokenSessions sessions,
    IOptions<InstanceOptions> options,
    TimeProvider time,
    ILogger<DrainSwitch> logger) : IDisposable
{
    private readonly SemaphoreSlim _switching = new(1);
    private CancellationTokenSource? _moving;

    /// <summary>When this returns, the registry has the new state. If Redis did not answer, the next refresh writes it.</summary>
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
        Log.Draining(logger, instance.Id, deliveries.Count, window);
        try
        {
            await deliveries.TellToReconnectAsync(() => window * Random.Shared.NextDouble());
            // The last client leaves at the window's end.
            await Task.Delay(window + Drain.LastClose, time, takenBack);
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
}
