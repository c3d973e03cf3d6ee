using Microsoft.Extensions.Time.Testing;
using Notifications.Hubs.Backplane;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class HolderAnswersTests
{
    private static readonly GroupChange Order = new("1", "somewhere", "red", IsMember: true);

    private readonly FakeTimeProvider _time = new();
    private readonly HolderAnswers _answers;

    public HolderAnswersTests() => _answers = new HolderAnswers(_time);

    [Fact]
    public async Task The_first_that_holds_the_connection_is_enough()
    {
        var held = AskAsync(hearing: 3);

        _answers.Take(Order.Id, holds: false);
        Assert.False(held.IsCompleted);
        _answers.Take(Order.Id, holds: true);

        Assert.True(await held);
    }

    [Fact]
    public async Task Nobody_holds_it_once_all_have_said_so_even_before_it_is_known_how_many_they_are()
    {
        var hearing = new TaskCompletionSource<long>();
        var held = _answers.AskAsync(Order, _ => hearing.Task, CancellationToken.None);

        _answers.Take(Order.Id, holds: false);
        _answers.Take(Order.Id, holds: false);
        Assert.False(held.IsCompleted);
        hearing.SetResult(2);

        Assert.False(await held);
    }

    [Fact]
    public async Task One_that_does_not_answer_is_waited_for_up_to_the_limit()
    {
        var held = AskAsync(hearing: 2);
        _answers.Take(Order.Id, holds: false);

        _time.Advance(HolderAnswers.Limit);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => held);
        Assert.Contains("has the connection somewhere", error.Message, StringComparison.Ordinal);
    }

    private Task<bool> AskAsync(long hearing) => _answers.AskAsync(Order, _ => Task.FromResult(hearing), CancellationToken.None);
}
