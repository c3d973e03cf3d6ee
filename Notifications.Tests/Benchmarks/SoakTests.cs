using Notifications.Benchmarks.Soak;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The soak command's short form: real processes, connections lost all the time, one hub killed and one paused.</summary>
public sealed class SoakTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly SoakOptions Short = new()
    {
        Load = new() { Rate = 300, Users = 60, Devices = 2, ServerTimeout = TimeSpan.FromSeconds(4) },
        Duration = TimeSpan.FromSeconds(10),
        Disconnects = 20,
        HubPause = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public async Task Nothing_is_lost_duplicated_or_reordered_while_clients_and_hubs_are_lost()
    {
        var (result, output) = await RunAsync(Short);

        Assert.True(result.IsGreen, output);
        Assert.Equal(Short.Load.Rate * (long)Short.Duration.TotalSeconds, result.Load.Verdict.Published);
        Assert.Equal(result.Load.Verdict.Published * Short.Load.Devices, result.Load.Verdict.Delivered);
        Assert.Equal(0, result.Load.Verdict.Gaps);
    }

    [Fact]
    public async Task Deliveries_dropped_on_purpose_are_found_lost()
    {
        var (result, output) = await RunAsync(Small with { Load = Small.Load with { DropOneIn = 20 }, Disconnects = 0, HubFaults = false });

        Assert.True(result.Load.Verdict is { Lost: > 0, Duplicated: 0, Reordered: 0, Phantom: 0 }, output);
        Assert.Equal(result.Load.Verdict.Published * Short.Load.Devices, result.Load.Verdict.Delivered + result.Load.Verdict.Lost);
    }

    [Fact]
    public async Task Without_the_clients_deduplication_duplicates_are_found()
    {
        var (result, output) = await RunAsync(Small with { Load = Small.Load with { Deduplicate = false } });

        Assert.True(result.Load.Verdict is { Duplicated: > 0, Lost: 0, Phantom: 0 }, output);
    }

    private static SoakOptions Small => Short with { Load = Short.Load with { Users = 10 }, Duration = TimeSpan.FromSeconds(5), HubPause = TimeSpan.FromSeconds(1) };

    private static async Task<(SoakResult Result, string Output)> RunAsync(SoakOptions options)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();
        var result = await SoakRun.RunAsync(options, output, limit.Token);
        result.WriteTo(output);
        return (result, output.ToString());
    }
}
