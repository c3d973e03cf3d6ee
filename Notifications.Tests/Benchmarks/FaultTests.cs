using Notifications.Benchmarks.Faults;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The short form of each scenario of the faults command: real processes, real signals, real Redis, and the checker.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly FaultOptions Short = new() { Load = new() { Rate = 200, Users = 60, GroupSize = 20, ServerTimeout = TimeSpan.FromSeconds(20) }, Brief = true };

    /// <summary>What happens to hubs, gateways and clients; what happens to Redis has nothing to do with how sessions go.</summary>
    private static readonly string[] OfSessions = ["hub-kill", "hub-pause", "rolling-restart", "reconnect-storm"];

    public static TheoryData<string> Names => [.. FaultScenarios.All.Select(scenario => scenario.Name)];

    public static TheoryData<string> PlainNames => [.. OfSessions];

    [TheoryWithRedisServer]
    [MemberData(nameof(Names))]
    public Task Nothing_is_lost_in_silence_duplicated_or_reordered(string scenario) => RunAsync(scenario, Short);

    [TheoryWithRedisServer]
    [MemberData(nameof(PlainNames))]
    public Task Nothing_is_either_without_links(string scenario) => RunAsync(scenario, Short with { IsPlain = true });

    private static async Task RunAsync(string scenario, FaultOptions options)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();
        var result = await FaultRun.RunAsync(FaultScenarios.Named(scenario).Single(), options, output, limit.Token);
        result.WriteTo(output);
        result.WriteRowTo(output);

        Assert.True(result.IsGreen, output.ToString());
        Assert.True(result.Load.Verdict.Delivered > 0, output.ToString());
    }
}
