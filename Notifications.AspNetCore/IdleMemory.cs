using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Notifications.AspNetCore;

/// <summary>
/// Gives memory back to the system in the quiet time after a rush. .NET collects garbage only after further
/// allocations. A process whose clients are all connected and wait allocates almost nothing, so it would keep the
/// garbage of the rush. One full collection gives that memory back. It stops the process while it lasts.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="allocated">Returns the number of bytes allocated since the process began.</param>
/// <param name="collect">Collects garbage, and gives free memory back to the system.</param>
internal sealed class IdleMemory(TimeProvider time, Func<long> allocated, Action collect) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The process is quiet when it allocates fewer bytes than this in a second. Ten thousand waiting clients allocate less, with their pings and the checks
    /// of their streams' ends. 500 deliveries allocate about as much.
    /// </summary>
    private const long Quiet = 1024 * 1024;

    /// <summary>How many quiet seconds in a row are awaited before a collection.</summary>
    private const int QuietTicks = 3;

    /// <summary>
    /// A rush that allocated fewer bytes than this is not worth a collection. Allocations of quiet
    /// seconds do not count, so a long quiet time never reaches this number.
    /// </summary>
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
    /// <summary>Gives idle memory back in a service that holds many connections. <c>IdleMemory:Return</c> <c>false</c> disables it.</summary>
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
