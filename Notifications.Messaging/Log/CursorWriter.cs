using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>Moves the cursors of many devices in one call of a script.</summary>
internal sealed class CursorWriter(IConnectionMultiplexer redis, RedisNames names, ScriptScope scope, NotificationOptions options)
{
    /// <summary>A call holds Redis up for as long as it takes, and so many take about half a millisecond.</summary>
    private const int MaxInCall = 128;

    private static readonly Script User = Script.Load("acknowledge.lua");
    private static readonly Script Topic = Script.Load("acknowledge-topic.lua");

    private readonly StreamCalls _calls = new(scope, MaxInCall);

    public async Task<IReadOnlyList<UnwrittenAcknowledgement>> WriteAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var outcomes = await Task.WhenAll(acknowledgements.GroupBy(each => each.Stream.IsUser).Select(kind => _calls.RunAsync([.. kind], each => each.Stream, MoveAsync)));
        return [.. outcomes.SelectMany(each => each).Where(outcome => outcome.Failure is not null).Select(outcome => new UnwrittenAcknowledgement(outcome.Item, outcome.Failure!))];
    }

    /// <summary>In one call: all in users' streams, or all in topics.</summary>
    /// <returns>Of each whether its cursor moved.</returns>
    public async Task<bool[]> MoveAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var result = acknowledgements[0].Stream.IsUser
            ? await MoveInUsersAsync(acknowledgements)
            : await MoveInTopicsAsync(acknowledgements);
        return [.. ((string)result!).Select(moved => moved == '1')];
    }

    private Task<RedisResult> MoveInUsersAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var keys = new RedisKey[2 * acknowledgements.Count];
        var arguments = new RedisValue[1 + (3 * acknowledgements.Count)];
        arguments[0] = Milliseconds(options.StreamLifetime);
        for (var i = 0; i < acknowledgements.Count; i++)
        {
            var (stream, device, position) = acknowledgements[i];
            var live = names.Live(stream);
            (keys[2 * i], keys[(2 * i) + 1]) = (RedisNames.Meta(live), RedisNames.Cursors(live));
            (arguments[(3 * i) + 1], arguments[(3 * i) + 2], arguments[(3 * i) + 3]) = (device.Device, position.Epoch, position.Offset);
        }

        return User.RunAsync(redis.GetDatabase(), keys, arguments);
    }

    private Task<RedisResult> MoveInTopicsAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var keys = new RedisKey[2 * acknowledgements.Count];
        var arguments = new RedisValue[1 + (2 * acknowledgements.Count)];
        arguments[0] = Milliseconds(options.LogLifetime);
        for (var i = 0; i < acknowledgements.Count; i++)
        {
            var (topic, device, position) = acknowledgements[i];
            (keys[2 * i], keys[(2 * i) + 1]) = (names.Meta(topic), names.TopicCursor(topic, device.User, device.Device));
            (arguments[(2 * i) + 1], arguments[(2 * i) + 2]) = (position.Epoch, position.Offset);
        }

        return Topic.RunAsync(redis.GetDatabase(), keys, arguments);
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
