using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>Moves the cursors of many devices in one call of a script.</summary>
internal sealed class CursorWriter(IConnectionMultiplexer redis, RedisNames names, ScriptScope scope, NotificationOptions options, TimeProvider time)
{
    /// <summary>
    /// How many acknowledgements a call has at most. Redis does nothing else during a call, which takes about half a millisecond at this size.
    /// </summary>
    private const int MaxInCall = 128;

    private static readonly Script User = Script.Load("acknowledge.lua");
    private static readonly Script Topic = Script.Load("acknowledge-topic.lua");

    private readonly StreamCalls _calls = new(scope, MaxInCall);

    public async Task<IReadOnlyList<(Acknowledgement Acknowledgement, Exception Reason)>> WriteAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var outcomes = await Task.WhenAll(acknowledgements.GroupBy(each => each.Stream.IsUser).Select(kind => _calls.RunAsync([.. kind], each => each.Stream, MoveAsync)));
        return [.. outcomes.SelectMany(each => each).Where(outcome => outcome.Failure is not null).Select(outcome => (outcome.Item, outcome.Failure!))];
    }

    /// <summary>Moves cursors in one call of a script. The acknowledgements are all of users' streams, or all of topics.</summary>
    /// <returns>For each acknowledgement, in the same order, whether it moved its cursor.</returns>
    public async Task<bool[]> MoveAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        var result = acknowledgements[0].Stream.IsUser
            ? await MoveInUsersAsync(acknowledgements)
            : await MoveInTopicsAsync(acknowledgements);
        return [.. ((string)result!).Select(moved => moved == '1')];
    }

    private Task<RedisResult> MoveInUsersAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        const int shared = 4;
        const int each = 3;
        var keys = new RedisKey[each * acknowledgements.Count];
        var arguments = new RedisValue[shared + (each * acknowledgements.Count)];
        arguments[0] = Milliseconds(options.StreamLifetime);
        arguments[1] = time.GetUtcNow().ToUnixTimeMilliseconds();
        arguments[2] = Milliseconds(options.LogLifetime);
        arguments[3] = options.MaxDevices;
        for (var i = 0; i < acknowledgements.Count; i++)
        {
            var (stream, device, position) = acknowledgements[i];
            var live = names.Live(stream);
            var (key, argument) = (each * i, shared + (each * i));
            (keys[key], keys[key + 1], keys[key + 2]) = (RedisNames.Meta(live), RedisNames.Cursors(live), RedisNames.Seen(live));
            (arguments[argument], arguments[argument + 1], arguments[argument + 2]) = (device.Device, position.Epoch, position.Offset);
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
