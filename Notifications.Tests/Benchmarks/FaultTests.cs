using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The short form of each scenario of the faults command: real processes, real signals, real Redis, and the checker.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>What happens to hubs, gateways and clients.</summary>
    private static readonly string[] OfSessions = ["hub-kill", "hub-pause", "rolling-restart", "reconnect-storm"];

    /// <summary>What happens to Redis and the order service. It has nothing to do with how sessions are carried.</summary>
    private static readonly string[] OfOthers =
        ["redis-restart", "redis-empty", "redis-pause", "redis-cut", "live-feed-dead", "orders-kill", "cluster-failover", "cluster-failover-without-wait"];

    public static TheoryData<string> Names => [.. OfSessions, .. OfOthers];

    public static TheoryData<string> PlainNames => [.. OfSessions];

    [TheoryWithRedisServer]
    [MemberData(nameof(Names))]
    public async Task Nothing_is_lost_in_silence_duplicated_or_reordered(string scenario)
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"faults {scenario} --brief");

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
    }

    [TheoryWithRedisServer]
    [MemberData(nameof(PlainNames))]
    public async Task Nothing_is_either_without_links(string scenario)
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"faults {scenario} --brief", BenchmarkProgram.Plain);

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
    }

    [Fact]
    public async Task An_unknown_scenario_is_refused_with_the_names_of_all_and_each_is_tested_here()
    {
        var named = await BenchmarkProgram.NamesAsync("faults");

        Assert.Equal(OfSessions.Concat(OfOthers).Order(), named.Order());
    }
}
