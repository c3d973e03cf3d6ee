using Notifications.Benchmarks.Faults;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The short form of each scenario of the faults command: real processes, real signals, real Redis, and the checker.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly FaultOptions Short = new() { Load = new() { Rate = 200, Users = 60, GroupSize = 20, ServerTimeout = TimeSpan.FromSeconds(20) }, Brief = true };

    public static TheoryData<string> Names => [.. FaultScenarios.All.Select(scenario => scenario.Name)];

    [TheoryWithRedisServer]
    [MemberData(nameof(Names))]
    public async Task Nothing_is_lost_in_silence_duplicated_or_reordered(string scenario)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();
        var result = await FaultRun.RunAsync(FaultScenarios.Named(scenario).Single(), Short, output, limit.Token);
        result.WriteTo(output);
        result.WriteRowTo(output);

        Assert.True(result.IsGreen, output.ToString());
        Assert.True(result.Load.Verdict.Delivered > 0, output.ToString());
    }
}
