using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Soak;

/// <summary>
/// The system under load with connections and hubs lost all the time, and the checker's verdict on what publishers were promised
/// and what applications got.
/// </summary>
internal static class SoakRun
{
    /// <summary>Starts a cluster of its own for the run, and ends it.</summary>
    public static async Task<SoakResult> RunAsync(SoakOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        // Progress and faults are reported from different threads.
        output = TextWriter.Synchronized(output);
        output.WriteLine($"Starting Redis, {options.Hubs} hubs and a gateway.");
        var keepAlive = options.Load.ServerTimeout / 2;
        await using var cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = options.Hubs,
                HubSettings = new Dictionary<string, string> { ["SignalR__KeepAliveInterval"] = keepAlive.ToString("c", CultureInfo.InvariantCulture) },
            },
            cancellationToken);
        output.WriteLine($"The servers log to {cluster.LogDirectory}, which is kept unless the run ends as it should.");
        await using var workload = new Workload(options.Load, cluster, output);
        var result = await RunAsync(options, cluster, workload, output, cancellationToken);
        cluster.KeepsLogs = !result.IsGreen && options.Load is { DropOneIn: 0, Deduplicate: true };
        return result;
    }

    private static async Task<SoakResult> RunAsync(
        SoakOptions options, Cluster cluster, Workload workload, TextWriter output, CancellationToken cancellationToken)
    {
        await workload.ConnectAsync(cancellationToken);
        var disturbance = new Disturbance(workload.Groups);
        using var disturbing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var disturbed = disturbance.RunAsync(options.Disconnects, disturbing.Token);
        var hubFaults = options.HubFaults
            ? HubFaults.RunAsync(cluster, options.Duration, options.HubPause, output, cancellationToken)
            : Task.CompletedTask;
        await workload.PublishAsync(options.Duration, until: Task.Delay(Timeout.Infinite, disturbing.Token), cancellationToken);

        await hubFaults;
        await disturbing.CancelAsync();
        await disturbed;
        cluster.ThrowIfAnyDied();
        await workload.CatchUpAsync(cancellationToken);
        return new SoakResult { Load = workload.Check(), Clean = disturbance.Clean, Abrupt = disturbance.Abrupt, Silent = disturbance.Silent };
    }
}
