using Notifications.Messaging;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>Which appends go together, and what becomes of the others when a call fails.</summary>
public sealed class AppendLaneTests
{
    private readonly List<Call> _calls = [];
    private readonly Dictionary<string, Task<PublishResult>> _results = [];
    private readonly AppendLane _lane;
    private long _offset;

    public AppendLaneTests() => _lane = new AppendLane(CallAsync, new NotificationOptions());

    [Fact]
    public async Task What_comes_while_a_call_is_under_way_goes_together_behind_it()
    {
        Append("a", "1");
        Append("b", "2");
        Append("c", "3");
        Assert.Equal(["1"], Ids());

        await AnswerAsync(0);

        Assert.Equal(["1", "2 3"], Ids());
        await AnswerAsync(1);
        Assert.Equal([1, 2, 3], (await Task.WhenAll(_results.Values)).Select(result => result.Offset));
    }

    [Fact]
    public async Task A_call_takes_64_along()
    {
        for (var i = 0; i <= 70; i++)
        {
            Append("a", $"{i}");
        }

        await AnswerAsync(0);
        await AnswerAsync(1);

        Assert.Equal([1, 64, 6], _calls.Select(call => call.Count));
    }

    [Fact]
    public async Task Where_a_call_is_refused_each_of_it_is_tried_alone_and_the_next_waits()
    {
        Append("a", "1");
        Append("b", "2");
        Append("b", "3");
        await AnswerAsync(0);
        Append("b", "4");

        _calls[1].Refuse();
        Assert.Equal(["1", "2 3", "2"], Ids());
        _calls[2].Refuse();
        Assert.Equal(["1", "2 3", "2", "3"], Ids());
        await AnswerAsync(3);

        Assert.Equal(["1", "2 3", "2", "3", "4"], Ids());
        await Assert.ThrowsAsync<RedisServerException>(() => _results["2"]);
    }

    [Fact]
    public async Task When_a_call_is_lost_what_waits_behind_it_fails_too()
    {
        Append("a", "1");
        Append("b", "2");

        _calls[0].Fail(new IOException("the socket's"));

        await Assert.ThrowsAsync<RedisException>(() => _results["2"]);
        Append("c", "3");
        await AnswerAsync(1);
        Assert.Equal("3", (await _results["3"]).Id);
    }

    private void Append(string user, string id) =>
        _results[id] = _lane.RunAsync(new Append(StreamName.User(user), id, new byte[] { 1 }, grace: null, sharded: false));

    private async Task AnswerAsync(int call)
    {
        var before = _calls[call];
        before.Answer(string.Join(',', Enumerable.Range(0, before.Count).Select(_ => $"0 {++_offset} epoch")));
        foreach (var id in before.Ids)
        {
            await _results[id].WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private IEnumerable<string> Ids() => _calls.Select(call => string.Join(' ', call.Ids));

    private Task<RedisResult> CallAsync(RedisKey[] keys, RedisValue[] arguments)
    {
        // Of each append the fourth key ends with its id.
        var call = new Call([.. keys.Chunk(4).Select(each => each[3].ToString().Split(':')[^1])]);
        _calls.Add(call);
        return call.Task;
    }

    private sealed class Call(IReadOnlyList<string> ids)
    {
        private readonly TaskCompletionSource<RedisResult> _answer = new();

        public IReadOnlyList<string> Ids => ids;

        public int Count => ids.Count;

        public Task<RedisResult> Task => _answer.Task;

        public void Answer(string results) => _answer.SetResult(RedisResult.Create((RedisValue)results));

        public void Refuse() => _answer.SetException(new RedisServerException("refused"));

        public void Fail(Exception exception) => _answer.SetException(exception);
    }
}
