using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Notifications.AspNetCore;

/// <summary>The work of a service after it was told to stop and before it stops. During this work the service is still fully available.</summary>
public interface IDrain
{
    /// <summary>Hands over what the service holds. The service stops when this returns.</summary>
    Task RunAsync();
}

/// <summary>
/// Makes SIGTERM and Ctrl-C a planned stop: first the drain, and only then the host's stop. This is a host lifetime of its own, because the
/// default lifetime announces the stop at once. SignalR and Kestrel would then end connections immediately. A second signal stops the service
/// without waiting for the drain.
/// </summary>
internal sealed class PlannedStop(IDrain drain, StopBegun begun, IHostApplicationLifetime application, ILogger<PlannedStop> logger) : IHostLifetime, IDisposable
{
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
                begun.Say();
                await drain.RunAsync();
            }
        }
        catch (Exception exception)
        {
            Log.DrainFailed(logger, exception);
        }

        application.StopApplication();
    }
}

/// <summary>Announces that the service was told to stop, before its drain. The host itself announces the stop only after the drain.</summary>
internal sealed class StopBegun(IHostApplicationLifetime application) : IDisposable
{
    private readonly CancellationTokenSource _begun = CancellationTokenSource.CreateLinkedTokenSource(application.ApplicationStopping);

    public CancellationToken Token => _begun.Token;

    public void Say() => _begun.Cancel();

    public void Dispose() => _begun.Dispose();
}

public static class PlannedStopRegistration
{
    /// <summary>Runs <typeparamref name="TDrain"/> before the service stops.</summary>
    public static void AddDrain<TDrain>(this IHostApplicationBuilder builder) where TDrain : class, IDrain
    {
        builder.Services.AddSingleton<TDrain>();
        builder.Services.AddSingleton<IDrain>(services => services.GetRequiredService<TDrain>());
        builder.Services.TryAddSingleton<StopBegun>();
        builder.Services.AddSingleton<IHostLifetime, PlannedStop>();
    }
}
