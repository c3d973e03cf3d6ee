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
        List<RedisKey> keys = [];
        List<RedisValue> arguments =
        [
            (long)options.StreamLifetime.TotalMilliseconds, time.GetUtcNow().ToUnixTimeMilliseconds(), (long)options.LogLifetime.TotalMilliseconds,
            options.MaxDevices,
        ];
        foreach (var (stream, device, position) in acknowledgements)
        {
            var live = names.Live(stream);
            keys.AddRange(RedisNames.Meta(live), RedisNames.Cursors(live), RedisNames.Seen(live));
            arguments.AddRange<RedisValue>(device.Device, position.Epoch, position.Offset);
        }

        return User.RunAsync(redis.GetDatabase(), [.. keys], [.. arguments]);
    }

    private Task<RedisResult> MoveInTopicsAsync(IReadOnlyList<Acknowledgement> acknowledgements)
    {
        List<RedisKey> keys = [];
        List<RedisValue> arguments = [(long)options.LogLifetime.TotalMilliseconds];
        foreach (var (topic, device, position) in acknowledgements)
        {
            keys.AddRange(names.Meta(topic), names.TopicCursor(topic, device.User, device.Device));
            arguments.AddRange<RedisValue>(position.Epoch, position.Offset);
        }

        return Topic.RunAsync(redis.GetDatabase(), [.. keys], [.. arguments]);
    }
}
