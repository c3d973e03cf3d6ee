using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>
/// The short form of the compare command: each system starts, is loaded through its proxy, and delivers everything once. What it measures in
/// so short a time is looked at by nobody.
/// </summary>
public sealed class CompareTests
{
    private const string Short = "compare --pairs 1 --window 50 --warm-up 1 --lead-in 1 --seconds 1";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly string[] Scenarios = ["closed", "open-1000", "topic"];

    [TheoryWithRedisServer]
    [InlineData("ours")]
    [InlineData("ours-plain")]
    [InlineData("signalr")]
    public Task A_system_on_NET_delivers_all_of_every_load_once(string system) => DeliversAllAsync(system);

    [TheoryWithPeers]
    [InlineData("socketio")]
    [InlineData("ws")]
    public Task A_peer_on_Node_delivers_all_of_every_load_once(string system) => DeliversAllAsync(system);

    /// <summary>The first has places in its streams, and the check compares these. The second has none.</summary>
    [TheoryWithRedisServer]
    [InlineData("ours")]
    [InlineData("signalr")]
    public async Task Arrivals_dropped_on_purpose_make_a_turn_void(string system)
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"{Short} --only {system} --scenario open-1000 --drop-one-in 20");

        Assert.Equal(BenchmarkProgram.Red, run.ExitCode);
        Assert.Matches($@"1/1 {system} open-1000: VOID: .* [1-9][\d,]* lost, 0 duplicated, 0 reordered", run.Output);
    }

    [Fact]
    public async Task An_unknown_scenario_is_refused_with_the_names_of_all()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, "compare --scenario fast");

        Assert.Equal(BenchmarkProgram.Misused, run.ExitCode);
        Assert.Contains("\"fast\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("open-1000", run.Output, StringComparison.Ordinal);
    }

    private static async Task DeliversAllAsync(string system)
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"{Short} --only {system} --scenario {string.Join(',', Scenarios)}");

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
        Assert.All(Scenarios, scenario =>
            Assert.Matches($@"1/1 {system} {scenario}: .* [1-9][\d,]* delivered, 0 lost, 0 duplicated, 0 reordered", run.Output));
        Assert.DoesNotContain("NaN", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", run.Output, StringComparison.Ordinal);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class TheoryWithPeersAttribute : TheoryAttribute
    {
        public TheoryWithPeersAttribute() => Skip = RedisServerProcess.IsInstalled && Nginx.IsInstalled && Programs.IsInstalled("node") && Programs.IsInstalled("npm")
            ? null
            : "The peers need redis-server, nginx, node and npm. Install Debian's packages redis-server and nginx-light, and Node 20 or later.";
    }
}
