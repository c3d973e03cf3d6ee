using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>A position in a stream. An offset means something in its epoch only.</summary>
/// <param name="Epoch">The epoch of the log.</param>
/// <param name="Offset">1, 2, 3 …; 0 is the beginning of the log.</param>
/// <param name="Token">
/// The token of the entry at this offset (<see cref="LogEntry.Token"/>); empty: not known. A Redis that went back in time gives the same offsets of the same
/// epoch to other entries. Their tokens differ.
/// </param>
internal readonly record struct Position(string Epoch, long Offset, string Token = "");

/// <summary>A part of a log.</summary>
/// <param name="Epoch">The log's present epoch; empty: it has none, and the call was not to begin one.</param>
/// <param name="Last">The last offset that the stream gave to a notification.</param>
/// <param name="Asked">The offset that was asked for: the caller's, or that of the device's cursor.</param>
/// <param name="After">
/// The offset before the first entry. It is higher than <paramref name="Asked"/> if the log no longer has the entries that follow. It is lower if
/// <paramref name="Asked"/> is beyond the log's end.
/// </param>
/// <param name="Entries">Contiguous, oldest first: offsets <c>After + 1</c>, <c>After + 2</c> …</param>
/// <param name="LastToken">The token of the entry at <paramref name="Last"/>.</param>
internal sealed record LogPage(string Epoch, long Last, long Asked, long After, IReadOnlyList<ReadOnlyMemory<byte>> Entries, string LastToken)
{
    /// <summary>The position of the log's end when it was read.</summary>
    public Position End => new(Epoch, Last, LastToken);

    /// <summary>The position before the first entry.</summary>
    public Position Start => After == Last ? End : new Position(Epoch, After);

    /// <summary>Whether no entry is missing between the offset that was asked for and the first entry.</summary>
    public bool IsContiguous => After == Asked;

    /// <summary>Whether the page reaches the log's end, as it was when the log was read.</summary>
    public bool IsLast => After + Entries.Count >= Last;
}

/// <summary>A device of a user.</summary>
internal readonly record struct DeviceName(string User, string Device);

/// <summary>The streams in Redis. Each append, read and acknowledgement is one atomic script and one round trip.</summary>
internal sealed class NotificationLog : IDisposable
{
    /// <summary>
    /// How long the epoch of a stream without notifications lives after it was last read: at most this time, and at least two thirds of it. A hub reads the end
    /// of each stream with subscribers much more often (<c>Delivery:PositionCheckInterval</c>), so the epoch of such a stream does not end. The time has to be
    /// short, because everybody who may read a topic can create it by reading it.
    /// </summary>
    internal static readonly TimeSpan UnusedLifetime = TimeSpan.FromMinutes(15);

    private const int EndOnly = -1;

    /// <summary>How many ends a call reads at most. Redis does nothing else during a call, which takes about a quarter of a millisecond at this size.</summary>
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

    /// <summary>
    /// Reads the stream's present end, without entries. If <paramref name="begins"/>, a stream without an epoch gets one now, for <see cref="UnusedLifetime"/>.
    /// </summary>
    public Task<LogPage> ReadEndAsync(StreamName stream, bool begins = true) => PageAsync(Read, stream, begins, [], EndOnly, 0, "", "");

    /// <summary>Reads the ends of many streams in as few calls as this Redis allows. If Redis refuses one stream, the others are still read.</summary>
    /// <returns>One end for each stream, in any order. It has no meaning where there is a failure: Redis does not answer, or it refused.</returns>
    public async Task<IReadOnlyList<(StreamName Stream, Position End, Exception? Failure)>> ReadEndsAsync(IReadOnlyList<StreamName> streams)
    {
        var outcomes = await _ends.RunAsync(streams, stream => stream, ReadEndsInCallAsync);
        return [.. outcomes.Select(outcome => (outcome.Item, outcome.Value, outcome.Failure))];
    }

    /// <summary>Reads up to <paramref name="limit"/> entries after an offset. <paramref name="begins"/> is as in <see cref="ReadEndAsync"/>.</summary>
    /// <remarks>
    /// <paramref name="givenOutIn"/> is the epoch in which a hub itself delivered this offset. If the log of this epoch now ends before the offset, Redis went
    /// back in time, and the stream gets a new epoch. Never pass an epoch that a client named for a topic: any client could renew the topic's epoch.
    /// <paramref name="token"/> is that of the entry that the hub delivered at this offset. If the log now has another entry there, Redis went back in time and
    /// gave out the same offsets again.
    /// </remarks>
    public Task<LogPage> ReadAfterAsync(StreamName stream, long offset, int limit, string? givenOutIn = null, string token = "", bool begins = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return PageAsync(Read, stream, begins, [], offset, limit, givenOutIn ?? "", token);
    }

    /// <summary>
    /// Reads up to <paramref name="limit"/> entries after the device's cursor. In its user's stream, a new device starts at the highest cursor of the user's
    /// devices. The user's first device starts at the beginning of the log. In a topic, a new device starts at the end. For a topic, <paramref name="begins"/>
    /// is as in <see cref="ReadEndAsync"/>. A user's stream always gets an epoch, which lives as long as the cursors of the user's devices.
    /// </summary>
    public Task<LogPage> ReadAfterCursorAsync(StreamName stream, DeviceName device, int limit, bool begins = true) =>
        stream.IsUser
            ? PageAsync(
                Resume, stream, begins: true, [_names.Seen(stream)],
                device.Device, limit, _time.GetUtcNow().ToUnixTimeMilliseconds(), Milliseconds(_options.LogLifetime), _options.MaxDevices, Milliseconds(_options.StreamLifetime))
            : PageAsync(ResumeTopic, stream, begins, [_names.TopicCursor(stream, device.User, device.Device)], limit, Milliseconds(_options.LogLifetime));

    /// <summary>Moves the device's cursor forward to <paramref name="position"/>.</summary>
    /// <returns>False: nothing changed. The position is of another epoch, beyond the stream's end, or not beyond the cursor.</returns>
    public async Task<bool> AcknowledgeAsync(StreamName stream, DeviceName device, Position position) =>
        (await _cursors.MoveAsync([new Acknowledgement(stream, device, position)]))[0];

    /// <summary>Moves many cursors in as few calls as this Redis allows. If Redis refuses one acknowledgement, the others are still written.</summary>
    /// <returns>The acknowledgements that were not written, with the reason: Redis does not answer, or it refused.</returns>
    public Task<IReadOnlyList<(Acknowledgement Acknowledgement, Exception Reason)>> AcknowledgeAsync(IReadOnlyList<Acknowledgement> acknowledgements) =>
        _cursors.WriteAsync(acknowledgements);

    public void Dispose() => _replicated.Dispose();

    /// <summary>Appends a notification (<see cref="Append"/>). The notifications of one stream are appended in the order of the calls.</summary>
    internal Task<PublishResult> AppendAsync(StreamName stream, string id, ReadOnlyMemory<byte> entry, TimeSpan? grace) =>
        _appends.RunAsync(new Append(stream, _names.Live(stream), id, entry, grace));

    private async Task<LogPage> PageAsync(Script script, StreamName stream, bool begins, RedisKey[] keys, params RedisValue[] arguments)
    {
        var result = (RedisResult[])(await script.RunAsync(_redis.GetDatabase(), [.. Keys(stream), .. keys], Arguments(begins, arguments)))!;
        var entries = (RedisValue[])result[4]!;
        return new LogPage(
            (string)result[0]!, (long)result[1], (long)result[2], (long)result[3],
            Array.ConvertAll(entries, entry => (ReadOnlyMemory<byte>)entry), (string)result[5]!);
    }

    private async Task<Position[]> ReadEndsInCallAsync(IReadOnlyList<StreamName> streams)
    {
        var ends = (RedisResult[])(await ReadEnds.RunAsync(_redis.GetDatabase(), [.. streams.SelectMany(Keys)], Arguments(begins: true)))!;
        return [.. ends.Chunk(3).Select(end => new Position((string)end[0]!, (long)end[1], (string)end[2]!))];
    }

    private RedisKey[] Keys(StreamName stream)
    {
        var live = _names.Live(stream);
        return [RedisNames.Meta(live), RedisNames.Log(live), RedisNames.Cursors(live)];
    }

    private static RedisValue[] Arguments(bool begins, params RedisValue[] arguments) => [begins ? NewEpoch() : "", Milliseconds(UnusedLifetime), .. arguments];

    internal static string NewEpoch() => RandomNumberGenerator.GetHexString(12, lowercase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
