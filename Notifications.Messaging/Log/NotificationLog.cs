using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>A place in a stream: the offset means something in its epoch only.</summary>
/// <param name="Epoch">The life of the log.</param>
/// <param name="Offset">1, 2, 3 …</param>
/// <param name="Token">
/// Of the entry that stands there (<see cref="LogEntry.Token"/>); empty where that is not known. A Redis that went back in time
/// gives out the same offsets in the same epoch again, and what stands there is then another.
/// </param>
internal readonly record struct Position(string Epoch, long Offset, string Token = "");

/// <summary>A piece of a log.</summary>
/// <param name="Epoch">The log's present epoch; empty if it has none and none might begin.</param>
/// <param name="Last">The last offset that the stream has given.</param>
/// <param name="Asked">The offset that was asked for: the caller's, or the one that the device's cursor stands at.</param>
/// <param name="After">
/// The offset before the first entry. Higher than <paramref name="Asked"/> if the log no longer has what follows it; lower if
/// that lies beyond the log's end.
/// </param>
/// <param name="Entries">Contiguous, oldest first: offsets <c>After + 1</c>, <c>After + 2</c> …</param>
/// <param name="LastToken">The token of the entry at <paramref name="Last"/>.</param>
internal sealed record LogPage(string Epoch, long Last, long Asked, long After, IReadOnlyList<ReadOnlyMemory<byte>> Entries, string LastToken)
{
    /// <summary>Where the log ended when it was read.</summary>
    public Position End => new(Epoch, Last, LastToken);

    /// <summary>The place before the first entry.</summary>
    public Position Start => After == Last ? End : new Position(Epoch, After);

    /// <summary>Nothing is missing between what was asked for and the first entry.</summary>
    public bool IsContiguous => After == Asked;

    /// <summary>The page ends where the log ended when it was read.</summary>
    public bool IsLast => After + Entries.Count >= Last;
}

/// <summary>Where a stream's log ends.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="End">As just read; means nothing where that failed.</param>
/// <param name="Failure">Null: it was read. Otherwise Redis does not answer, or refused.</param>
internal readonly record struct StreamEnd(StreamName Stream, Position End, Exception? Failure);

/// <summary>A device of a user.</summary>
internal readonly record struct DeviceName(string User, string Device);

/// <summary>The streams as Redis holds them: append and publish, read, acknowledge, each one atomic script and one round trip.</summary>
internal sealed class NotificationLog : IDisposable
{
    /// <summary>
    /// How long the epoch of a stream to which nobody publishes lives at the most after the last look at it, and at least for two thirds of that. A hub looks at
    /// each stream that somebody is subscribed to (<c>Delivery:PositionCheckInterval</c>, far below it), so that it does not end under them. Anybody who may read
    /// a topic can make one by a look, so it has to be short.
    /// </summary>
    internal static readonly TimeSpan UnusedLifetime = TimeSpan.FromMinutes(15);

    private const int EndOnly = -1;

    /// <summary>So many ends go in one call, which holds Redis up for about a quarter of a millisecond.</summary>
    internal const int MaxEndsInCall = 128;

    private static readonly Script Publish = Script.Load("publish.lua");
    private static readonly Script Read = Script.Load("read.lua");
    private static readonly Script ReadEnds = Script.Load("read-ends.lua");
    private static readonly Script Resume = Script.Load("resume.lua");
    private static readonly Script ResumeTopic = Script.Load("resume-topic.lua");

    private readonly IConnectionMultiplexer _redis;
    private readonly RedisNames _names;
    private readonly NotificationOptions _options;
    private readonly TimeProvider _time;
    private readonly Appends _appends;
    private readonly CursorWriter _cursors;
    private readonly StreamCalls _ends;
    private readonly ReplicatedAppends _replicated;

    public NotificationLog(IConnectionMultiplexer redis, RedisNames names, LiveChannels channels, RedisConnections connections, IOptions<NotificationOptions> options, TimeProvider time)
    {
        (_redis, _names, _options, _time) = (redis, names, options.Value, time);
        var scope = new ScriptScope(redis, channels, names);
        _cursors = new CursorWriter(redis, names, scope, _options, time);
        _ends = new StreamCalls(scope, MaxEndsInCall);
        _replicated = new ReplicatedAppends(connections, options);
        _appends = new Appends(
            names,
            scope,
            _options.WaitForReplicas > 0
                ? (keys, arguments) => _replicated.RunAsync(Publish, keys, arguments)
                : (keys, arguments) => Publish.RunAsync(redis.GetDatabase(), keys, arguments),
            _options);
    }

    /// <summary>The stream's present end, without entries.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="begins">A stream without an epoch gets one now, for <see cref="UnusedLifetime"/>.</param>
    public Task<LogPage> ReadEndAsync(StreamName stream, bool begins = true) => PageAsync(Read, stream, begins, [], EndOnly, 0, "", "");

    /// <summary>The same for many, in as few calls as this Redis allows. One that Redis refuses keeps none of the others from being read.</summary>
    /// <returns>In any order.</returns>
    public async Task<IReadOnlyList<StreamEnd>> ReadEndsAsync(IReadOnlyList<StreamName> streams)
    {
        var outcomes = await _ends.RunAsync(streams, stream => stream, ReadEndsInCallAsync);
        return [.. outcomes.Select(outcome => new StreamEnd(outcome.Item, outcome.Value, outcome.Failure))];
    }

    /// <summary>Up to <paramref name="limit"/> entries after an offset.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="offset">0 or more.</param>
    /// <param name="limit">How many entries at the most.</param>
    /// <param name="givenOutIn">
    /// The epoch in which a hub itself delivered this offset. If it lies beyond the end of that same epoch now, Redis went back
    /// in time, and the stream gets a new epoch. Never set it by what a client says: anybody could renew the epoch of a topic.
    /// </param>
    /// <param name="token">
    /// The token of what the hub delivered there. If another entry stands there now, Redis went back in time and has given out the
    /// same offsets again since.
    /// </param>
    /// <param name="begins">As in <see cref="ReadEndAsync"/>.</param>
    public Task<LogPage> ReadAfterAsync(StreamName stream, long offset, int limit, string? givenOutIn = null, string token = "", bool begins = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return PageAsync(Read, stream, begins, [], offset, limit, givenOutIn ?? "", token);
    }

    /// <summary>
    /// Up to <paramref name="limit"/> entries after what the device acknowledged. In its user's stream a device never seen before
    /// starts after the highest cursor of that user's devices, or with no device at all at the log's beginning; in a topic, at
    /// the end.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="device">The device.</param>
    /// <param name="limit">How many entries at the most.</param>
    /// <param name="begins">As in <see cref="ReadEndAsync"/>. A user's stream always does, and its epoch lives as long as its devices' cursors.</param>
    public Task<LogPage> ReadAfterCursorAsync(StreamName stream, DeviceName device, int limit, bool begins = true) =>
        stream.IsUser
            ? PageAsync(
                Resume, stream, begins: true, [_names.Seen(stream)],
                device.Device, limit, _time.GetUtcNow().ToUnixTimeMilliseconds(), Milliseconds(_options.LogLifetime), _options.MaxDevices, Milliseconds(_options.StreamLifetime))
            : PageAsync(ResumeTopic, stream, begins, [_names.TopicCursor(stream, device.User, device.Device)], limit, Milliseconds(_options.LogLifetime));

    /// <summary>Moves the device's cursor forward to <paramref name="position"/>.</summary>
    /// <returns>False if nothing changed: another epoch, past the stream's end, or not past the cursor.</returns>
    public async Task<bool> AcknowledgeAsync(StreamName stream, DeviceName device, Position position) =>
        (await _cursors.MoveAsync([new Acknowledgement(stream, device, position)]))[0];

    /// <summary>The same for many, in as few calls as this Redis allows. One that Redis refuses keeps none of the others from being written.</summary>
    /// <returns>Those that are not written, and why: Redis does not answer, or refused.</returns>
    public Task<IReadOnlyList<UnwrittenAcknowledgement>> AcknowledgeAsync(IReadOnlyList<Acknowledgement> acknowledgements) =>
        _cursors.WriteAsync(acknowledgements);

    public void Dispose() => _replicated.Dispose();

    /// <summary>Those of one stream in the order of the calls.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="id">The notification's id.</param>
    /// <param name="entry">The notification.</param>
    /// <param name="grace">After which its escalation is due while a hub listens; null: it has none.</param>
    internal Task<PublishResult> AppendAsync(StreamName stream, string id, ReadOnlyMemory<byte> entry, TimeSpan? grace) =>
        _appends.RunAsync(new Append(stream, _names.Live(stream), id, entry, grace));

    private async Task<LogPage> PageAsync(Script script, StreamName stream, bool begins, RedisKey[] keys, params RedisValue[] arguments)
    {
        var result = (RedisResult[])(await script.RunAsync(_redis.GetDatabase(), Keys(stream, keys), Arguments(begins, arguments)))!;
        var entries = (RedisValue[])result[4]!;
        return new LogPage(
            (string)result[0]!, (long)result[1], (long)result[2], (long)result[3],
            Array.ConvertAll(entries, entry => (ReadOnlyMemory<byte>)entry), (string)result[5]!);
    }

    private async Task<Position[]> ReadEndsInCallAsync(IReadOnlyList<StreamName> streams)
    {
        var ends = (RedisResult[])(await ReadEnds.RunAsync(_redis.GetDatabase(), [.. streams.SelectMany(stream => Keys(stream))], Arguments(begins: true)))!;
        return [.. ends.Chunk(3).Select(end => new Position((string)end[0]!, (long)end[1], (string)end[2]!))];
    }

    private RedisKey[] Keys(StreamName stream, params RedisKey[] keys) =>
        [.. Keys(_names.Live(stream)), .. keys];

    private static RedisKey[] Keys(string live) => [RedisNames.Meta(live), RedisNames.Log(live), RedisNames.Cursors(live)];

    private static RedisValue[] Arguments(bool begins, params RedisValue[] arguments) => [begins ? NewEpoch() : "", Milliseconds(UnusedLifetime), .. arguments];

    internal static string NewEpoch() => RandomNumberGenerator.GetHexString(12, lowercase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
