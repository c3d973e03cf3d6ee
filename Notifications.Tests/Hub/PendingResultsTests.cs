using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Hubs.Backplane;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class PendingResultsTests
{
    private static readonly CompletionMessage Answer = CompletionMessage.WithResult("1", "answer");

    private readonly PendingResults _results = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly List<CompletionMessage?> _completed = [];

    public PendingResultsTests() => _results.Add("1", "connection", typeof(string), _ended.Token, _completed.Add);

    [Fact]
    public void Only_the_client_that_was_asked_may_answer()
    {
        Assert.Throws<InvalidOperationException>(() => _results.Complete("another", Answer));
        Assert.Empty(_completed);

        _results.Complete("connection", Answer);

        Assert.Equal([Answer], _completed);
    }

    [Fact]
    public void What_comes_after_the_first_answer_changes_nothing()
    {
        _results.Complete("connection", Answer);
        _results.Complete("connection", Answer);
        _ended.Cancel();

        Assert.Equal([Answer], _completed);
        Assert.False(_results.TryGetType("1", out _));
    }

    [Fact]
    public void The_end_of_the_connection_is_the_answer_of_a_client_that_gave_none()
    {
        _ended.Cancel();
        _results.Complete("connection", Answer);
        _results.Add("2", "connection", typeof(string), _ended.Token, _completed.Add);

        Assert.Equal([null, null], _completed);
    }

    [Fact]
    public void Nobody_hears_of_what_is_forgotten()
    {
        _results.Forget("1");
        _results.Complete("connection", Answer);

        Assert.Empty(_completed);
    }
}
