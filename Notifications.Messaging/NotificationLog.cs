using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>A place in a stream: the offset means something in its epoch only.</summary>
public readonly record struct Position(string Epoch, long Offset);

/// <summary>A piece of a log.</summary>
/// <param name="Epoch">The log's present epoch.</param>
/// <param name="Last">The last offset that the stream has given.</param>
/// <param name="Asked">The offset that was asked for: the caller's, or the one that the device's cursor stands at.</param>
/// <param name="After">
/// The offset before the first entry. Higher than <paramref name="Asked"/> if the log no longer has what follows it; lower if
/// that lies beyond the log's end.
/// </param>
/// <param name="Entries">Contiguous, oldest first: offsets <c>After + 1</c>, <c>After + 2</c> …</param>
public sealed record LogPage(string Epoch, long Last, long Asked, long After, IReadOnlyList<ReadOnlyMemory<byte>> Entries)
{
    /// <summary>Nothing is missing between what was asked for and the first entry.</summary>
    public bool IsContiguous => After == Asked;

    /// <summary>The page ends where the log ended when it was read.</summary>
    public bool IsLast => After + Entries.Count >= Last;
}

/// <summary>The streams as Redis holds them: append and publish, read, acknowledge, each one atomic script and one round trip.</summary>
public sealed class NotificationLog(IConnectionMultiplexer redis, IOptions<NotificationOptions> options)
{
    private const int EndOnly = -1;
    private const int AfterCursor = -2;

    private static readonly Script PublishScript = Script.Load("publish.lua");
    private static readonly Script ReadScript = Script.Load("read.lua");
    private static readonly Script AcknowledgeScript = Script.Load("acknowledge.lua");

    private readonly NotificationOptions _options = options.Value;

    /// <summary>The stream's present end, without entries. A stream never seen gets its epoch now.</summary>
    public Task<LogPage> ReadEndAsync(StreamName stream) => ReadAsync(stream, EndOnly, limit: 0, device: "");

    /// <summary>Up to <paramref name="limit"/> entries after an offset.</summary>
    public Task<LogPage> ReadAfterAsync(StreamName stream, long offset, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return ReadAsync(stream, offset, limit, device: "");
    }

    /// <summary>
    /// Up to <paramref name="limit"/> entries after the device's cursor. A device never seen before gets one: after the highest
    /// cursor that any device of the stream has, and with no device at all, at the log's beginning.
    /// </summary>
    public Task<LogPage> ReadAfterCursorAsync(StreamName stream, string device, int limit) =>
        ReadAsync(stream, AfterCursor, limit, device);

    /// <summary>Moves the device's cursor forward to <paramref name="position"/>.</summary>
    /// <returns>False if nothing changed: another epoch, past the stream's end, or not past the cursor.</returns>
    public async Task<bool> AcknowledgeAsync(StreamName stream, string device, Position position) =>
        (bool)await AcknowledgeScript.RunAsync(
            redis.GetDatabase(),
            [RedisNames.Meta(stream), RedisNames.Cursors(stream)],
            [device, position.Epoch, position.Offset, Milliseconds(_options.StreamLifetime)]);

    internal async Task<PublishResult> AppendAsync(StreamName stream, string id, ReadOnlyMemory<byte> entry)
    {
        var result = (RedisResult[])(await PublishScript.RunAsync(
            redis.GetDatabase(),
            [RedisNames.Meta(stream), RedisNames.Log(stream), RedisNames.Id(stream, id), RedisNames.Cursors(stream)],
            [
                NewEpoch(), entry, _options.LogLength, Milliseconds(_options.LogLifetime), Milliseconds(_options.StreamLifetime),
                Milliseconds(_options.IdLifetime), (byte[])RedisNames.Live(stream)!,
            ]))!;
        return new PublishResult(id, (string)result[0]!, (long)result[1], (int)result[2] == 1);
    }

    private async Task<LogPage> ReadAsync(StreamName stream, long after, int limit, string device)
    {
        var result = (RedisResult[])(await ReadScript.RunAsync(
            redis.GetDatabase(),
            [RedisNames.Meta(stream), RedisNames.Log(stream), RedisNames.Cursors(stream)],
            [NewEpoch(), Milliseconds(_options.StreamLifetime), after, limit, device]))!;
        var entries = (RedisValue[])result[4]!;
        return new LogPage(
            (string)result[0]!, (long)result[1], (long)result[2], (long)result[3],
            Array.ConvertAll(entries, entry => (ReadOnlyMemory<byte>)entry));
    }

    private static string NewEpoch() => RandomNumberGenerator.GetHexString(12, lowercase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
