using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Ends the application when the process that started it, <c>ASPIRE_CLI_PID</c>, is gone. Aspire's own setting, with the same meaning.</summary>
internal sealed class OrphanDetector(
    IConfiguration configuration, IHostApplicationLifetime lifetime, Orchestrator orchestrator, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!int.TryParse(configuration["ASPIRE_CLI_PID"], out var starter))
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!IsRunning(starter))
            {
                // Nobody waits for a clean end any more.
                orchestrator.StopLimit = Orchestrator.OrphanStopLimit;
                lifetime.StopApplication();
                return;
            }
        }
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
