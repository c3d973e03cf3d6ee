using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// Every Redis key and channel of the system. <c>{p}</c>, the partition of a stream, is the hash tag: all keys of a partition are in one Redis Cluster slot.
/// Each name begins with <see cref="NotificationOptions.KeyPrefix"/>, which has no brace and so can't change the hash tag.
/// </summary>
internal sealed class RedisNames(IOptions<NotificationOptions> options)
{
    /// <summary>The number of partitions. The names contain the partition, so never change this number under live data.</summary>
    public const int Partitions = 64;

    /// <summary>The last parts of the names of a stream's keys.</summary>
    private static readonly HashSet<string> Ends = ["meta", "log", "cursors", "seen", "phones"];

    /// <summary>The prefix of the names of each partition.</summary>
    private readonly string[] _partitions =
        [.. Enumerable.Range(0, Partitions).Select(partition => string.Create(CultureInfo.InvariantCulture, $"{options.Value.KeyPrefix}n:{{{partition}}}"))];

    /// <summary>The prefix of the names that all hubs share.</summary>
    private readonly string _hubs = $"{options.Value.KeyPrefix}n:{{hubs}}";

    /// <summary>Every partition, from 0.</summary>
    public static IReadOnlySet<int> AllPartitions { get; } = Enumerable.Range(0, Partitions).ToHashSet();

    /// <summary>
    /// Hash: <c>epoch</c>; <c>offset</c>, the last one given; <c>token</c> of the entry with this offset; <c>refreshed</c>, when the lifetimes were last set
    /// (Unix ms). It lives longer than the log, so that offsets go on rising. In a stream without notifications it lives for minutes, and is renewed while
    /// somebody is subscribed.
    /// </summary>
    public RedisKey Meta(StreamName stream) => Meta(Live(stream));

    internal static RedisKey Meta(string live) => live + ":meta";

    /// <summary>List: entries (<c>LogEntry</c>), oldest first, trimmed and expiring.</summary>
    public RedisKey Log(StreamName stream) => Log(Live(stream));

    internal static RedisKey Log(string live) => live + ":log";

    /// <summary>
    /// Hash of a user's stream: device → the highest offset that it acknowledged; -1: that was in an earlier epoch. At most
    /// <see cref="NotificationOptions.MaxDevices"/>.
    /// </summary>
    public RedisKey Cursors(StreamName stream) => Cursors(Live(stream));

    internal static RedisKey Cursors(string live) => live + ":cursors";

    /// <summary>
    /// Hash of a user's stream: device → when it last connected or acknowledged, in Unix milliseconds. The time of an acknowledgement may be some hours too
    /// early. A device that was unseen for too long is forgotten.
    /// </summary>
    public RedisKey Seen(StreamName stream) => Seen(Live(stream));

    internal static RedisKey Seen(string live) => live + ":seen";

    /// <summary>
    /// String: <c>offset epoch</c> that a user's device acknowledged in a topic. Expires when the device stays away. The name has a space between user and
    /// device. No id has a space, so no two devices share a key.
    /// </summary>
    public RedisKey TopicCursor(StreamName topic, string user, string device) => $"{Live(topic)}:cursor:{user} {device}";

    /// <summary>String: <c>offset epoch</c> of the notification with this id. Expires with the idempotency window.</summary>
    public RedisKey Id(StreamName stream, string id) => Id(Live(stream), id);

    internal static RedisKey Id(string live, string id) => $"{live}:id:{Last(id)}";

    /// <summary>
    /// Channel: <c>offset epoch previous-token entry</c>, published by the script that appended the entry. <see cref="LiveChannels"/> decides its kind. The
    /// names of all keys of the stream begin with it. A caller that needs several of them makes this name once.
    /// </summary>
    public string Live(StreamName stream) => $"{_partitions[Partition(stream)]}:{stream.Value}";

    /// <summary>
    /// Sorted set: a partition's escalations (<c>Escalation</c>). The score is the time at which an escalation is due. While an instance has claimed it, the
    /// score is the end of the lease. Both are Unix milliseconds of Redis's clock. An escalation stays until it is settled.
    /// </summary>
    public RedisKey Escalations(int partition) => $"{_partitions[partition]}:push";

    /// <summary>Hash of a user's stream: device → <c>registered registration platform token</c>. Expires unless a phone is registered again.</summary>
    public RedisKey Phones(StreamName stream) => $"{Live(stream)}:phones";

    /// <summary>
    /// String: <c>user device registration</c>, the owner of a token, by the token's hash. The hash decides its partition, so a token that moves from one user
    /// to another keeps this key. Expires unless the token is registered again.
    /// </summary>
    public RedisKey PhoneToken(string platform, string token)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{platform} {token}")));
        return $"{_partitions[Partition(hash)]}:token:{hash}";
    }

    /// <summary>List: the last pushes that the log sender would have shown on a phone, as JSON, oldest first. Development only; expires.</summary>
    public RedisKey Shown(StreamName stream, string device) => $"{Live(stream)}:shown:{Last(device)}";

    /// <summary>Set: ids of the hub instances that registered and did not leave.</summary>
    public RedisKey Instances => _hubs;

    /// <summary>String: one instance and its report about itself, as JSON. Expires unless the instance refreshes it.</summary>
    public RedisKey Instance(string id) => $"{_hubs}:{id}";

    /// <summary>Channel: messages from one hub to all hubs.</summary>
    public string Hubs => $"{_hubs}:messages";

    /// <summary>Channel: messages from one hub to another.</summary>
    public string Hub(string instance) => $"{Hubs}:{instance}";

    /// <summary>
    /// The prefix of the channels of SignalR's backplane. A hub class's full name follows, and then <c>:all</c>, <c>:user:&lt;id&gt;</c>,
    /// <c>:group:&lt;name&gt;</c>, <c>:connection:&lt;id&gt;</c> or <c>:internal:…</c>. Never sharded.
    /// </summary>
    public string BackplanePrefix => $"{_hubs}:signalr:";

    /// <summary>
    /// Sorted set: user → the time up to which the user's tokens are revoked, in Unix seconds. Expires after the longest lifetime of a token.
    /// </summary>
    public RedisKey Revocations { get; } = $"{options.Value.KeyPrefix}n:{{users}}:revoked";

    /// <summary>
    /// Channel: the probes of an instance in a partition. The instance sends them and hears them, and so knows that it hears what is published there.
    /// </summary>
    public string Probe(int partition, string instance) => $"{_partitions[partition]}:probe:{instance}";

    /// <summary>
    /// An id as the last part of a name. An id may have colons: the id <c>x:log</c> of user <c>a</c> would have the same key as the log of user <c>a:id:x</c>.
    /// So two spaces, which no other name has, are put before such an id.
    /// </summary>
    private static string Last(string id) => id.Contains(':') || Ends.Contains(id) ? $"  {id}" : id;

    /// <summary>The partition of a stream, from 0.</summary>
    public static int Partition(StreamName stream) => Partition(stream.Value);

    /// <summary>
    /// FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): unlike <c>GetHashCode</c>, it is the same in all processes and versions. Names are ASCII.
    /// </summary>
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
