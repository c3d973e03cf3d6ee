using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class PushTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly StreamName _stream = TestMessaging.NewStream();

    public static TheoryData<string, string> Wrong => new()
    {
        { """{"badge": -1}""", "badge is -1" },
        { """{"grace": -1}""", "grace is -1 s" },
        { """{"grace": 86401}""", "grace is 86401 s" },
        { """{"ttl": 0.5}""", "ttl is 0.5 s" },
        { """{"ttl": 2419201}""", "ttl is 2419201 s" },
        { """{"grace": 60, "ttl": 60}""", "over before grace, 60 s" },
        { """{"ttl": 10}""", "over before grace, 10 s" },
        { """{"data": {"stream": "x"}}""", "the key \"stream\"" },
        { """{"data": {"aps": "x"}}""", "the key \"aps\"" },
        { """{"data": {"google.x": "x"}}""", "the key \"google.x\"" },
        { """{"data": {"": "x"}}""", "the key \"\"" },
    };

    public static TheoryData<string, string> Unreadable => new()
    {
        { "7", "\"push\" is Number" },
        { """{"title": 7}""", "\"push.title\" is 7. It has to be a string." },
        { """{"badge": 1.5}""", "\"push.badge\" is 1.5. It has to be a whole number" },
        { """{"badge": "1"}""", "\"push.badge\" is \"1\"" },
        { """{"grace": "10"}""", "\"push.grace\" is \"10\". It has to be a number of seconds." },
        { """{"ttl": 1e300}""", "\"push.ttl\" is 1e300" },
        { """{"data": ["x"]}""", "\"push.data\" is [\"x\"]. It has to be an object." },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_push_part_stays_in_the_entrys_head_and_out_of_what_clients_get(bool traced)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => traced ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var push = Push.Parse(JsonElement.Parse("""{"title": "Grüße\n\"{", "body": null, "badge": 0, "sound": "bell", "data": {"order": 9, "a": {"b": "c"}, "text": "x"}, "grace": 2.5}"""));
        Assert.Equal(
            [("order", "9"), ("a", """{"b": "c"}"""), ("text", "x")],
            push.Data.Select(member => (member.Key, member.Value)));
        await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(1) with { Push = push });

        var entry = LogEntry.Parse((await messaging.Log.ReadAfterAsync(_stream, 0, 1)).Entries.Single());
        Assert.True(!traced || ActivityContext.TryParse(entry.TraceParent, null, out _));
        Assert.DoesNotContain("{", entry.TraceParent ?? "", StringComparison.Ordinal);
        var read = Push.Parse(JsonElement.Parse(entry.Push.Span));
        Assert.Equal(push with { TimeToLive = TimeSpan.FromHours(24), Data = read.Data }, read);
        Assert.Equal(push.Data, read.Data);
        Assert.Equal(["id", "type", "payload", "timestamp"], JsonElement.Parse(entry.Body.Span).EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task An_entry_without_a_push_part_has_none()
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        await messaging.PublishAsync(_stream, 1);
        Assert.True(LogEntry.Parse((await messaging.Log.ReadAfterAsync(_stream, 0, 1)).Entries.Single()).Push.IsEmpty);
        var old = LogEntry.Parse(Encoding.UTF8.GetBytes("1700000000000 0123456789ab\n{\"id\":\"{\"}"));
        Assert.Equal((true, null), (old.Push.IsEmpty, old.TraceParent));
    }

    [Fact]
    public void A_notification_that_is_kept_as_JSON_keeps_its_push_part()
    {
        var push = new Push { Title = "x", Badge = 1, Grace = TimeSpan.FromSeconds(1.5), TimeToLive = TimeSpan.FromDays(2), Data = new Dictionary<string, string> { ["a"] = "b" } };
        var json = JsonSerializer.Serialize(TestMessaging.Numbered(1) with { Push = push });
        Assert.Contains("""{"title":"x","badge":1,"data":{"a":"b"},"grace":1.5,"ttl":172800}""", json, StringComparison.Ordinal);
        var read = JsonSerializer.Deserialize<Notification>(json)!.Push!;
        Assert.Equal(push with { Data = read.Data }, read);
        Assert.Equal(push.Data, read.Data);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Push>("""{"title": 7}"""));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public Task What_no_phone_could_be_sent_is_refused(string push, string says) => AssertRefused(_stream, Push.Parse(JsonElement.Parse(push)), says);

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void What_is_no_push_part_is_refused(string push, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => Push.Parse(JsonElement.Parse(push))).Message, StringComparison.Ordinal);

    [Fact]
    public Task A_topic_has_no_phones() =>
        AssertRefused(StreamName.Topic(RedisServers.Unique("news")), new Push(), "is a topic, and a topic has no phones");

    [Fact]
    public async Task A_push_part_over_the_limit_is_refused_with_its_size_and_the_limit()
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var large = TestMessaging.Numbered(1) with { Push = new Push { Body = new string('x', 17_000) } };
        var refused = await Assert.ThrowsAsync<PayloadTooLargeException>(() => messaging.Publisher.PublishAsync(_stream, large));
        Assert.Contains("The push part has 17034 bytes and the limit is 16384", refused.Message, StringComparison.Ordinal);
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.Meta(_stream)));
    }

    [FactWithRedisServer]
    public async Task A_publish_without_a_push_part_runs_no_command_for_it()
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.RedisServer);
        var before = await CallsAsync(messaging);
        await messaging.PublishAsync(_stream, 5);
        Assert.Equal(before, await CallsAsync(messaging));
        await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(6) with { Push = new Push() });
        Assert.Equal((before.Add + 1, before.Time + 1), await CallsAsync(messaging));
    }

    private static async Task<(int Add, int Time)> CallsAsync(TestMessaging messaging)
    {
        var stats = ((string)(await messaging.Database.ExecuteAsync("INFO", "commandstats"))!).Split("\r\n");
        return (Calls("zadd"), Calls("time"));

        int Calls(string command) => stats.FirstOrDefault(line => line.StartsWith($"cmdstat_{command}:calls=", StringComparison.Ordinal)) is { } line
            ? int.Parse(line.Split('=', ',')[1])
            : 0;
    }

    private async Task AssertRefused(StreamName stream, Push push, string says)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => messaging.Publisher.PublishAsync(stream, TestMessaging.Numbered(1) with { Push = push }));
        Assert.Contains(says, exception.Message, StringComparison.Ordinal);
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.Meta(stream)));
    }
}
