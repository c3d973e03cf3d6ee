using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;

namespace Notifications.Benchmarks.Faults;

/// <summary>Runs scenarios, each under load on a cluster of its own: two gateways, three hubs, Redis.</summary>
internal static class FaultRun
{
    // Before the fault, so that what it disturbs is a system that runs, and after it, so that what it broke shows.
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BrieflyUndisturbed = TimeSpan.FromSeconds(2);

    public static async Task<FaultResult> RunAsync(
        FaultScenario scenario, FaultOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        output = TextWriter.Synchronized(output);
        output.WriteLine($"{scenario.Name}: {scenario.What}.");
        await using var cluster = await Cluster.StartAsync(scenario.Cluster, cancellationToken);
        output.WriteLine($"The servers log to {cluster.LogDirectory}, which is kept unless the run ends as it should.");
        await using var workload = new Workload(scenario.Load(options.Load, options.Brief), cluster, output);
        var stage = new FaultStage(cluster, workload, options.Brief, output);
        await workload.ConnectAsync(cancellationToken);
        await using var orders = new OrderLoad(cluster);
        var hasOrders = cluster.Orders.Count > 0;
        if (hasOrders)
        {
            await orders.ConnectAsync(cancellationToken);
        }

        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var faults = FaultsAsync(scenario, stage, failed, cancellationToken);
        try
        {
            await Task.WhenAll(
                workload.PublishAsync(TimeSpan.MaxValue, until: faults, failed.Token),
                hasOrders ? orders.PlaceAsync(until: faults, failed.Token) : Task.CompletedTask);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Why it failed follows.
        }

        await faults;
        cluster.ThrowIfAnyDied();
        await workload.CatchUpAsync(cancellationToken);
        if (hasOrders)
        {
            await CheckOrdersAsync(orders, scenario, stage, cancellationToken);
        }

        var load = workload.Check();
        var result = new FaultResult
        {
            What = scenario.What,
            Load = load,
            Violations = [.. scenario.Violations(load), .. General(scenario, load, options.Brief), .. stage.Violations],
            Notes = stage.Notes,
        };
        cluster.KeepsLogs = !result.IsGreen;
        return result;
    }

    private static async Task FaultsAsync(
        FaultScenario scenario, FaultStage stage, CancellationTokenSource failed, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(stage.Length(Undisturbed, BrieflyUndisturbed), cancellationToken);
            await scenario.RunAsync(stage, cancellationToken);
            await Task.Delay(stage.Length(Undisturbed, BrieflyUndisturbed), cancellationToken);
        }
        catch
        {
            // What is down stays down, and waiting for what was published to it would never end.
            await failed.CancelAsync();
            throw;
        }
    }

    private static async Task CheckOrdersAsync(OrderLoad orders, FaultScenario scenario, FaultStage stage, CancellationToken cancellationToken)
    {
        await orders.CheckAsync(cancellationToken);
        stage.Note($"{orders.Placed} orders, {orders.Untold} not told, {orders.ToldAgain} told again");
        stage.Require(orders is { Placed: > 0, Untold: 0 }, "every order's notification arrived");
        stage.Require(orders.ToldAgain == 0 || scenario.OrdersMayBeToldAgain, "each arrived once");
    }

    private static IEnumerable<string> General(FaultScenario scenario, LoadResult load, bool isBrief)
    {
        if (load.Verdict.Delivered == 0)
        {
            yield return "nothing was delivered";
        }

        if (load.Behind > 0)
        {
            yield return $"{load.Behind} clients did not catch up";
        }

        // The short form runs beside other tests, and how long a busy machine takes says nothing.
        if (!isBrief && scenario.LongestWait is { } limit && load.Waits.Longest > limit)
        {
            yield return $"a client waited {load.Waits.Longest.TotalSeconds:0.0} s, longer than {limit.TotalSeconds:0.#} s";
        }
    }
}
