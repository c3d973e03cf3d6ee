using Notifications.Benchmarks.Compare;
using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>
/// The short form of the compare command: each system starts, is loaded through its proxy, and delivers everything once. What it measures in
/// so short a time is looked at by nobody.
/// </summary>
public sealed class CompareTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly CompareOptions Short = new()
    {
        Pairs = 1,
        Window = 50,
        Scenarios = ["closed", "open-1000", "topic"],
        Times = new LoadTimes(WarmUp: TimeSpan.FromSeconds(0.5), LeadIn: TimeSpan.FromSeconds(0.1), Measured: TimeSpan.FromSeconds(1)),
    };

    [FactWithRedisServer]
    public Task This_system_in_both_modes_and_stock_SignalR_deliver_all_of_every_load_once() => DeliversAllAsync(SystemKind.Ours, SystemKind.OursPlain, SystemKind.SignalR);

    [FactWithPeers]
    public Task The_peers_on_Node_deliver_all_of_every_load_once() => DeliversAllAsync(SystemKind.SocketIo, SystemKind.Ws);

    [Fact]
    public void An_unknown_scenario_is_told_with_those_that_there_are()
    {
        var exception = Assert.Throws<ArgumentException>(() => AllScenarios.Chosen(new CompareOptions { Scenarios = ["fast"] }));

        Assert.Contains("\"fast\"", exception.Message, StringComparison.Ordinal);
        Assert.Contains("open-1000", exception.Message, StringComparison.Ordinal);
    }

    private static async Task DeliversAllAsync(params SystemKind[] systems)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();
        var results = await CompareRun.RunAsync(Short with { Systems = systems }, output, limit.Token);

        Assert.True(results.IsGreen, output.ToString());
        Assert.Equal(systems.Length * Short.Scenarios.Count, results.All.Count());
        Assert.All(results.All, result =>
        {
            Assert.True(result.Verdict.Delivered > 0, output.ToString());
            Assert.All(result.Figures, figure => Assert.True(double.IsFinite(figure.Value), $"{figure.Name} in {output}"));
        });
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class FactWithPeersAttribute : FactAttribute
    {
        public FactWithPeersAttribute() => Skip = RedisServerProcess.IsInstalled && Nginx.IsInstalled && NodePeers.AreInstallable
            ? null
            : "The peers need redis-server, nginx, node and npm. Install Debian's packages redis-server and nginx-light, and Node 20 or later.";
    }
}
