using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// Every Redis key and channel of the system. <c>{p}</c>, the partition of a stream, is the hash tag: all that one script
/// touches lies in one Redis Cluster slot. Each begins with <see cref="NotificationOptions.KeyPrefix"/>, which has no brace and so cannot
/// change the hash tag.
/// </summary>
internal sealed class RedisNames
{
    /// <summary>How many partitions the streams are spread over. Part of the names: never change it under live data.</summary>
    public const int Partitions = 64;

    /// <summary>What the names of a stream's keys end with.</summary>
    private static readonly HashSet<string> Ends = ["meta", "log", "cursors", "seen", "phones"];

    /// <summary>What the names of each partition begin with.</summary>
    private readonly string[] _partitions;

    /// <summary>What the names that all hubs share begin with.</summary>
    private readonly string _hubs;

    public RedisNames(IOptions<NotificationOptions> options)
    {
        var prefix = options.Value.KeyPrefix;
        _partitions = [.. Enumerable.Range(0, Partitions).Select(partition => string.Create(CultureInfo.InvariantCulture, $"{prefix}n:{{{partition}}}"))];
        _hubs = $"{prefix}n:{{hubs}}";
        Instances = _hubs;
        Hubs = $"{_hubs}:messages";
        BackplanePrefix = $"{_hubs}:signalr:";
        Revocations = $"{prefix}n:{{users}}:revoked";
    }

    /// <summary>Every partition, from 0.</summary>
    public static IReadOnlySet<int> AllPartitions { get; } = Enumerable.Range(0, Partitions).ToHashSet();

    /// <summary>Hash: <c>epoch</c>, <c>offset</c> (the last one given), <c>token</c> of the entry that got it, <c>refreshed</c> (Unix ms), when the lifetimes were last set. Outlives the log, so that offsets go on rising; without a notification it lives for minutes, and is renewed while somebody is subscribed.</summary>
    public RedisKey Meta(StreamName stream) => Meta(Live(stream));

    internal static RedisKey Meta(string live) => live + ":meta";

    /// <summary>List: entries (<c>LogEntry</c>), oldest first, trimmed and expiring.</summary>
    public RedisKey Log(StreamName stream) => Log(Live(stream));

    internal static RedisKey Log(string live) => live + ":log";

    /// <summary>Hash of a user's stream: device → the highest offset that it acknowledged; -1 if that was in an earlier epoch. At most <see cref="NotificationOptions.MaxDevices"/>.</summary>
    public RedisKey Cursors(StreamName stream) => Cursors(Live(stream));

    internal static RedisKey Cursors(string live) => live + ":cursors";

    /// <summary>Hash: device → when it last came or, to within some hours, acknowledged, in Unix milliseconds, so that one that never comes back is forgotten.</summary>
    public RedisKey Seen(StreamName stream) => Seen(Live(stream));

    internal static RedisKey Seen(string live) => live + ":seen";

    /// <summary>
    /// String: <c>offset epoch</c> that a user's device acknowledged in a topic; expires when the device stays away. The space
    /// between the two is in no id, so no two devices share a key.
    /// </summary>
    public RedisKey TopicCursor(StreamName topic, string user, string device) => $"{Live(topic)}:cursor:{user} {device}";

    /// <summary>String: <c>offset epoch</c> that the notification id got. Expires with the idempotency window.</summary>
    public RedisKey Id(StreamName stream, string id) => Id(Live(stream), id);

    internal static RedisKey Id(string live, string id) => $"{live}:id:{Last(id)}";

    /// <summary>
    /// Channel: <c>offset epoch previous-token entry</c>, published by the script that appended the entry. <see cref="LiveChannels"/> says of
    /// which kind it is. All of the stream's keys begin with it: who needs several of them makes it once.
    /// </summary>
    public string Live(StreamName stream) => $"{_partitions[Partition(stream)]}:{stream.Value}";

    /// <summary>
    /// Sorted set: a partition's escalations (<c>Escalation</c>), scored by when they fall due or, while an instance has one
    /// in hand, by the end of its lease; Unix milliseconds of Redis's clock. Each stays until it is settled.
    /// </summary>
    public RedisKey Escalations(int partition) => $"{_partitions[partition]}:push";

    /// <summary>Hash of a user's stream: device → <c>registered registration platform token</c>. Expires unless one registers again.</summary>
    public RedisKey Phones(StreamName stream) => $"{Live(stream)}:phones";

    /// <summary>
    /// String: <c>user device registration</c>, whose phone a token is, by the token's hash. It lies in a partition of its own, apart
    /// from both users whom a move concerns. Expires unless it is registered again.
    /// </summary>
    public RedisKey PhoneToken(string platform, string token)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{platform} {token}")));
        return $"{_partitions[Partition(hash)]}:token:{hash}";
    }

    /// <summary>List: what the log sender would have shown on a phone, oldest first, the last few, as JSON. Development only; expires.</summary>
    public RedisKey Shown(StreamName stream, string device) => $"{Live(stream)}:shown:{Last(device)}";

    /// <summary>Set: ids of the hub instances that registered and did not leave.</summary>
    public RedisKey Instances { get; }

    /// <summary>String: one instance as JSON, with what it says of its state. Expires unless the instance refreshes it.</summary>
    public RedisKey Instance(string id) => $"{_hubs}:{id}";

    /// <summary>Channel: what one hub tells all of them.</summary>
    public string Hubs { get; }

    /// <summary>Channel: what a hub tells one of them.</summary>
    public string Hub(string instance) => $"{Hubs}:{instance}";

    /// <summary>
    /// What the channels of SignalR's backplane begin with. A hub class's full name follows, and then <c>:all</c>, <c>:user:&lt;id&gt;</c>,
    /// <c>:group:&lt;name&gt;</c>, <c>:connection:&lt;id&gt;</c> or <c>:internal:…</c>. Never sharded.
    /// </summary>
    public string BackplanePrefix { get; }

    /// <summary>Sorted set: user → until when tokens issued to them are revoked, in Unix seconds. Expires with the longest life of a token.</summary>
    public RedisKey Revocations { get; }

    /// <summary>Channel on which an instance hears itself, to know that it hears what is published in this partition.</summary>
    public string Probe(int partition, string instance) => $"{_partitions[partition]}:probe:{instance}";

    /// <summary>
    /// An id as the last part of a name. Ids may have colons: <c>x:log</c> of user <c>a</c> would be the log of a user <c>a:id:x</c>. Behind two
    /// spaces, which no other name has, it is nobody else's.
    /// </summary>
    private static string Last(string id) => id.Contains(':') || Ends.Contains(id) ? $"  {id}" : id;

    /// <summary>The partition of a stream, from 0.</summary>
    public static int Partition(StreamName stream) => Partition(stream.Value);

    /// <summary>FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): stable over processes and versions, which <c>GetHashCode</c> is not. Names are ASCII.</summary>
    private static int Partition(string name)
    {
        var hash = 2166136261u;
        foreach (var octet in name)
        {
            hash = unchecked((hash ^ octet) * 16777619u);
        }

        return (int)(hash % Partitions);
    }
}
