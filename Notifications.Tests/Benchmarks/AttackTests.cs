using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The short form of the attacks and of the fuzzing: real processes with the limits that they ship with, through the gateway.</summary>
public sealed class AttackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [TheoryWithRedisServer]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_attack_gets_its_answer_and_nobody_else_notices(bool isPlain)
    {
        var run = await BenchmarkProgram.RunAsync(Limit, "attacks --brief", isPlain ? BenchmarkProgram.Plain : null);

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
        Assert.All(await BenchmarkProgram.NamesAsync("attacks"), name => Assert.Contains($"{name}: ", run.Output, StringComparison.Ordinal));
    }

    [FactWithRedisServer]
    public async Task Nothing_odd_or_changed_at_random_is_answered_with_a_5xx_logged_as_an_error_or_noticed_by_others()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, "fuzz --inputs 200 --seed 1");

        Assert.True(run.ExitCode == BenchmarkProgram.Green, run.Output);
        Assert.Contains(" × 200 (APIs)", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_attack_is_refused_with_the_names_of_all() => Assert.Contains("forged-tokens", await BenchmarkProgram.NamesAsync("attacks"));

    [Fact]
    public async Task An_unknown_option_is_refused_by_name()
    {
        var run = await BenchmarkProgram.RunAsync(Limit, "attacks --brief-ly");

        Assert.Equal(BenchmarkProgram.Misused, run.ExitCode);
        Assert.Contains("--brief-ly", run.Output, StringComparison.Ordinal);
    }
}
