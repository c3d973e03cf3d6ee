using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>What a caller chooses of a name stays within its place in it.</summary>
public sealed class RedisNamesTests
{
    /// <summary>Every character that means something to Redis, to its cluster, to a channel pattern or on a line, and what lies beyond ASCII.</summary>
    public static TheoryData<string> Hostile =>
    [
        .. Enumerable.Range(0, 0x21).Append(0x7f).Concat(Enumerable.Range(0x80, 0x20)).Select(code => $"a{(char)code}b"),
        "a{b", "a}b", "{}", "*", "?", "[a-z]", "a\\b", "a\"b", "a'b", "a`b", "a<b", "a>b", "a,b", "a;b", "a#b", "a%b", "a&b", "a(b", "a)b", "a^b",
        "\r\nFLUSHALL\r\n", "a\0", "é", "ａ", "\u202eb", "\ud800", "", new string('a', 129),
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_character_that_means_something_in_a_name_is_in_no_id(string id)
    {
        Assert.False(StreamName.IsValidId(id));
        Assert.False(StreamName.TryParse("user:" + id, out _));
        Assert.False(StreamName.TryParse("topic:" + id, out _));
        Assert.Throws<ArgumentException>(() => StreamName.User(id));
        Assert.Throws<ArgumentException>(() => StreamName.Topic(id));
    }

    [Theory]
    [InlineData("user")]
    [InlineData("USER:a")]
    [InlineData("user:")]
    [InlineData(" user:a")]
    [InlineData("n:{0}:user:a")]
    [InlineData("push")]
    public void A_name_of_no_kind_is_no_stream(string name) => Assert.False(StreamName.TryParse(name, out _));

    [Theory]
    [InlineData("")]
    [InlineData("staging:eu-west_1/a.b:")]
    public void Whatever_is_allowed_in_an_id_stays_in_its_partition_and_behind_its_prefix(string keyPrefix)
    {
        const string every = "a-z_AZ09.~@+=:|/!$";
        var redis = Names.With(keyPrefix);
        foreach (var stream in (StreamName[])[StreamName.User(every), StreamName.Topic(every), StreamName.User("a:log"), StreamName.User("a:meta"), StreamName.User(":id:x")])
        {
            var prefix = $"{keyPrefix}n:{{{RedisNames.Partition(stream)}}}:{stream}";
            string[] names =
            [
                redis.Meta(stream)!, redis.Log(stream)!, redis.Cursors(stream)!, redis.Seen(stream)!, redis.Phones(stream)!,
                redis.TopicCursor(stream, every, every)!, redis.Id(stream, every)!, redis.Shown(stream, every)!, redis.Live(stream),
            ];
            Assert.All(names, name =>
            {
                Assert.StartsWith(prefix, name);
                // One hash tag, ours.
                Assert.Equal(2, name.Count(character => character is '{' or '}'));
            });
            Assert.Equal(names.Length, names.Distinct().Count());
        }
    }

    [Fact]
    public void A_prefix_stands_before_every_name_and_changes_nothing_behind_it()
    {
        Assert.Equal("n:{61}:user:7:log", Names.Default.Log(StreamName.User("7")));
        Assert.Equal("n:{hubs}", Names.Default.Instances);
        Assert.Equal(All(Names.Default).Select(name => "staging:" + name), All(Names.With("staging:")));

        static IEnumerable<string> All(RedisNames names)
        {
            var (user, topic) = (StreamName.User("7"), StreamName.Topic("news"));
            return
            [
                names.Meta(user)!, names.Log(user)!, names.Cursors(user)!, names.Seen(user)!, names.TopicCursor(topic, "7", "laptop")!, names.Id(user, "1")!,
                names.Live(user), names.Live(topic), names.Phones(user)!, names.PhoneToken("fcm", "t")!, names.Shown(user, "laptop")!,
                .. RedisNames.AllPartitions.Select(partition => (string)names.Escalations(partition)!),
                .. RedisNames.AllPartitions.Select(partition => names.Probe(partition, "a")),
                names.Instances!, names.Instance("a")!, names.Hubs, names.Hub("a"), names.BackplanePrefix, names.Revocations!,
            ];
        }
    }

    [Fact]
    public void No_ids_of_one_user_make_the_keys_of_another()
    {
        // Every name that ids out of these parts can make, but for the partition, which two streams may share.
        string[] parts = ["a", ":", "id", "log", "meta", "shown", "cursor", "x"];
        string[] ids =
        [
            .. parts, .. from one in parts from two in parts select $"{one}:{two}",
            .. from one in parts from two in parts from three in parts select $"{one}:{two}:{three}",
        ];
        var streams = ids.Where(id => id.Length <= 8).SelectMany(id => (StreamName[])[StreamName.User(id), StreamName.Topic(id)]).ToArray();
        string[] lasts = [.. ids.Where(id => id.Length <= 6)];
        var names = streams.SelectMany(stream => (string[])
        [
            Names.Default.Meta(stream)!, Names.Default.Log(stream)!, Names.Default.Cursors(stream)!, Names.Default.Seen(stream)!, Names.Default.Phones(stream)!,
            .. lasts.Select(last => (string)Names.Default.Id(stream, last)!),
            .. lasts.Select(last => (string)Names.Default.Shown(stream, last)!),
            .. lasts.SelectMany(user => lasts.Take(20).Select(device => (string)Names.Default.TopicCursor(stream, user, device)!)),
        ]).Select(name => name[name.IndexOf('}')..]);

        Assert.DoesNotContain(names.CountBy(name => name), name => name.Value > 1);
    }
}
