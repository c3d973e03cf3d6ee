using Notifications.Benchmarks.Attacks;
using Notifications.Benchmarks.Fuzz;
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
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();

        var results = await AttackRun.RunAsync(AttackScenarios.All, new AttackOptions { Brief = true, IsPlain = isPlain }, result => result.WriteRowTo(output), output, limit.Token);

        Assert.True(results.All(result => result.IsGreen), output.ToString());
        Assert.Equal(AttackScenarios.All.Count, results.Count);
    }

    [FactWithRedisServer]
    public async Task Nothing_that_is_changed_at_random_is_answered_with_a_5xx_logged_as_an_error_or_noticed_by_others()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var output = new StringWriter();

        var violations = await FuzzRun.RunAsync(new FuzzOptions { Inputs = 200, Seed = 1 }, output, limit.Token);

        Assert.True(violations.Count == 0, $"{output}{string.Join(Environment.NewLine, violations)}");
        Assert.Contains(" × 200 of the APIs", output.ToString(), StringComparison.Ordinal);
    }
}
