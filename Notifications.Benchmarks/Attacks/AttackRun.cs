using System.Net;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Attacks;

/// <summary>
/// Runs attacks, one after the other, on one cluster with the limits that it ships with, while others are notified through the same
/// gateway: what the attacker is answered, and what they notice.
/// </summary>
internal static class AttackRun
{
    /// <summary>Of a user in the short form, who may have that many connections within a burst.</summary>
    public const int BriefDevices = 10;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <summary>In the short form what takes a system's time-outs takes a tenth of them.</summary>
    private static readonly Dictionary<string, string> BriefGateway = new()
    {
        ["Gateway__Limits__HeadersTimeout"] = "00:00:02",
        ["Gateway__Limits__ConnectionsPerAddress"] = "200",
    };

    private static readonly Dictionary<string, string> BriefHub = new()
    {
        ["SignalR__HandshakeTimeout"] = "00:00:02",
        ["SignalR__ClientTimeoutInterval"] = "00:00:06",
        ["Delivery__SendTimeout"] = "00:00:02",
        ["Notifications__MaxDevices"] = $"{BriefDevices}",
    };

    public static async Task<IReadOnlyList<AttackResult>> RunAsync(
        IReadOnlyList<AttackScenario> scenarios, AttackOptions options, Action<AttackResult> onResult, TextWriter output, CancellationToken cancellationToken)
    {
        await using var cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = 2,
                OrderServices = 1,
                HasCallerLimits = true,
                GatewaySettings = options.Brief ? BriefGateway : [],
                HubSettings = options.Brief ? BriefHub : [],
            },
            cancellationToken);
        output.WriteLine($"The servers log to {cluster.LogDirectory}, which is kept unless every attack ends as it should.");
        await using var bystanders = new Bystanders(cluster);
        await bystanders.StartAsync(cancellationToken);
        await Task.Delay(WarmUp, cancellationToken);
        var results = new List<AttackResult>();
        foreach (var (i, scenario) in scenarios.Index())
        {
            // Each from an address of its own: what one has used up of a limit is no other's.
            var stage = new AttackStage(cluster, new IPAddress([127, 0, 1, (byte)(i + 1)]), options.Brief);
            output.WriteLine($"{scenario.Name}: {scenario.What}.");
            var result = await RunAsync(scenario, stage, bystanders, cancellationToken);
            onResult(result);
            results.Add(result);
        }

        cluster.KeepsLogs = !results.TrueForAll(result => result.IsGreen);
        return results;
    }

    private static async Task<AttackResult> RunAsync(AttackScenario scenario, AttackStage stage, Bystanders bystanders, CancellationToken cancellationToken)
    {
        var logs = new ErrorsLogged(stage.Cluster);
        var before = Memory(stage.Cluster);
        bystanders.Restart();
        await Task.Delay(stage.Length(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)), cancellationToken);
        var reconnects = bystanders.Reconnects;
        var waitBefore = bystanders.Restart().Percentile(0.99);

        var answer = await scenario.RunAsync(stage, cancellationToken);

        var waitDuring = bystanders.Restart().Percentile(0.99);
        stage.Cluster.ThrowIfAnyDied();
        stage.Require(await bystanders.HaveAllAsync(cancellationToken), "everybody else got everything");
        stage.Require(bystanders.Reconnects == reconnects, "nobody else lost a connection");
        var after = Memory(stage.Cluster);
        return new AttackResult
        {
            What = scenario.What,
            Answer = answer,
            WaitBefore = waitBefore,
            WaitDuring = waitDuring,
            Memory = [.. before.Keys.Select(process => new MemoryChange(process, before[process], after[process]))],
            JudgesWaits = !stage.IsBrief,
            Violations = [.. stage.Violations, .. logs.New().Select(line => $"logged: {line}")],
        };
    }

    private static Dictionary<string, long> Memory(Cluster cluster) =>
        cluster.Gateways.Concat<ServerProcess>(cluster.Hubs).ToDictionary(process => process.Name, process => ProcessMemory.Anonymous(process.Id));
}
