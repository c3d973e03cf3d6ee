using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Notifications.AspNetCore;

/// <summary>
/// Gives memory back to the system in the quiet after a rush: .NET collects when so much was allocated, and a process whose clients have all come and now wait for something allocates
/// next to nothing, so it would keep what their coming left behind. One collection of everything then, which stops the process while it lasts.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="allocated">Bytes allocated since the process began.</param>
/// <param name="collect">Collects, and gives back what is free.</param>
internal sealed class IdleMemory(TimeProvider time, Func<long> allocated, Action collect) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes in a second: below it the process is quiet. Ten thousand clients that wait take less, with their pings and the checks of where their streams
    /// stand; 500 deliveries take about as many.
    /// </summary>
    private const long Quiet = 1024 * 1024;

    /// <summary>So many quiet seconds in a row.</summary>
    private const int QuietTicks = 3;

    /// <summary>Bytes allocated in the rush: with less there is too little to be had. What trickles in the quiet never gets there, however long it lasts.</summary>
    private const long Worthwhile = 32 * 1024 * 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        var last = allocated();
        var rush = 0L;
        var quiet = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = allocated();
                var grown = now - last;
                last = now;
                if (grown >= Quiet)
                {
                    (rush, quiet) = (rush + grown, 0);
                }
                else if (++quiet >= QuietTicks && rush >= Worthwhile)
                {
                    collect();
                    rush = 0;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

public static class IdleMemoryRegistration
{
    /// <summary>For a service that holds many connections. <c>IdleMemory:Return</c> <c>false</c> switches it off.</summary>
    public static void AddIdleMemory(this IHostApplicationBuilder builder)
    {
        if (!builder.Configuration.GetValue("IdleMemory:Return", true))
        {
            return;
        }

        builder.Services.AddHostedService(services =>
        {
            var logger = services.GetRequiredService<ILogger<IdleMemory>>();
            return new IdleMemory(services.GetService<TimeProvider>() ?? TimeProvider.System, () => GC.GetTotalAllocatedBytes(), () => GiveBack(logger));
        });
    }

    private static void GiveBack(ILogger logger)
    {
        const int megabyte = 1024 * 1024;
        var (before, paused) = (Environment.WorkingSet, GC.GetTotalPauseDuration());
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Log.MemoryGivenBack(logger, before / megabyte, Environment.WorkingSet / megabyte, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds);
    }
}
