using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The soak command's short form: real processes, connections lost all the time, one hub killed and one paused.</summary>
public sealed class SoakTests
{
    private const int Devices = 2;

    /// <summary>Of a few users, for a short time.</summary>
    private const string Small = "soak --rate 300 --users 10 --server-timeout 4 --seconds 5 --hub-pause 1";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Nothing_is_lost_duplicated_or_reordered_while_clients_and_hubs_are_lost()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"soak --rate 300 --users 60 --devices {Devices} --server-timeout 4 --seconds 10 --disconnects 20 --hub-pause 3");

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
        Assert.Equal(new BenchmarkProgram.Counts(3_000, 3_000 * Devices, 0, 0, 0, 0, 0), run.FirstCounts());
    }

    [Fact]
    public async Task Deliveries_dropped_on_purpose_are_found_lost()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"{Small} --devices {Devices} --drop-one-in 20 --disconnects 0 --no-hub-faults");

        Assert.Equal(BenchmarkProgram.Red, run.ExitCode);
        var counts = run.FirstCounts();
        Assert.True(counts is { Lost: > 0, Duplicated: 0, Reordered: 0, Phantom: 0 }, run.Output);
        Assert.Equal(counts.Published * Devices, counts.Delivered + counts.Lost);
    }

    [Fact]
    public async Task Without_the_clients_deduplication_duplicates_are_found()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, $"{Small} --devices {Devices} --no-deduplication --disconnects 20");

        Assert.Equal(BenchmarkProgram.Red, run.ExitCode);
        Assert.True(run.FirstCounts() is { Duplicated: > 0, Lost: 0, Phantom: 0 }, run.Output);
    }
}
