using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Instances;

/// <summary>
/// Makes SIGTERM and Ctrl-C a planned move: the gateways are told to send no new clients, the connected ones are told to come
/// back elsewhere, spread over a window, and only then does the host stop. A host lifetime of its own, because SignalR closes
/// every connection the moment that the usual one announces the stop. A second signal stops at once.
/// </summary>
internal sealed class Drain(
    Instance instance,
    InstanceHeartbeat heartbeat,
    ConnectionDeliveries deliveries,
    IOptions<InstanceOptions> options,
    IHostApplicationLifetime application,
    TimeProvider time,
    ILogger<Drain> logger) : IHostLifetime, IDisposable
{
    // The last one told leaves at the window's end; its close has to arrive before the host's own.
    private static readonly TimeSpan LastClose = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly List<PosixSignalRegistration> _signals = [];
    private int _asked;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _ = StopAsync();
            }));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    private async Task StopAsync()
    {
        try
        {
            if (Interlocked.Exchange(ref _asked, 1) == 0)
            {
                await MoveClientsAsync();
            }
        }
        catch (Exception exception)
        {
            Log.DrainFailed(logger, exception);
        }

        application.StopApplication();
    }

    private async Task MoveClientsAsync()
    {
        var window = options.Value.DrainWindow;
        instance.IsDraining = true;
        await heartbeat.RefreshAsync();
        Log.Draining(logger, instance.Id, deliveries.Count, window);
        await deliveries.TellToReconnectAsync(() => window * Random.Shared.NextDouble());
        for (var waited = TimeSpan.Zero; deliveries.Count > 0 && waited < window + LastClose; waited += PollInterval)
        {
            await Task.Delay(PollInterval, time);
        }
    }
}
