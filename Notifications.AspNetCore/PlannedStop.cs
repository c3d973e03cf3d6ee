using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Notifications.AspNetCore;

/// <summary>What a service does between being told to stop and stopping, while it still works in full.</summary>
public interface IDrain
{
    /// <summary>Hands over what the service holds. It stops when this returns.</summary>
    Task RunAsync();
}

/// <summary>
/// Makes SIGTERM and Ctrl-C a planned move: the drain first, and only then the host's stop. A host lifetime of its own, because with the
/// usual one the stop is announced at once, and SignalR and Kestrel end connections the moment that they hear of it. A second
/// signal stops at once.
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

/// <summary>The service was told to stop: before its drain, which the host knows nothing of.</summary>
internal sealed class StopBegun : IDisposable
{
    private readonly CancellationTokenSource _begun = new();
    private readonly CancellationTokenRegistration _stopping;

    public StopBegun(IHostApplicationLifetime application) => _stopping = application.ApplicationStopping.Register(Say);

    public CancellationToken Token => _begun.Token;

    public void Say() => _begun.Cancel();

    public void Dispose()
    {
        _stopping.Dispose();
        _begun.Dispose();
    }
}

public static class PlannedStopRegistration
{
    /// <summary>Has the service do <typeparamref name="TDrain"/> before it stops.</summary>
    public static void AddDrain<TDrain>(this IHostApplicationBuilder builder) where TDrain : class, IDrain
    {
        builder.Services.AddSingleton<IDrain, TDrain>();
        builder.Services.TryAddSingleton<StopBegun>();
        builder.Services.AddSingleton<IHostLifetime, PlannedStop>();
    }
}
