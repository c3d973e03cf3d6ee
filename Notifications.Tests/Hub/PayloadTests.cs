using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>A payload is the same value for a client of JSON and for one of MessagePack, or is refused when it is published.</summary>
public sealed class PayloadTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const int Payloads = 1_000;
    private const string Wei = """{"wei":79228162514264337593543950336}""";
    private readonly string _user = RedisServers.Unique("user");

    public static TheoryData<string, string> Refused => new()
    {
        { Wei, "has the integer 79228162514264337593543950336. An integer has to be from -9223372036854775808 to 18446744073709551615. Send this one as a string." },
        { "18446744073709551616", "has the integer 18446744073709551616." },
        { "-9223372036854775809", "has the integer -9223372036854775809." },
        { "[1e400]", "has the number 1e400. It has to be within ±1.7976931348623157E+308, the range of a double. Send this one as a string." },
        { """{"a":1,"b":{"c":1,"\u0063":2}}""", "has the member \"c\" twice in one object. Send it once." },
        { """{"__proto__":1}""", "has a member \"__proto__\", which MessagePack clients in JavaScript refuse. Give it another name." },
        { """["\ud83d"]""", "has half a surrogate pair among its escapes" },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_published_is_what_both_protocols_read_or_it_is_refused(bool overHttp)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        var (asJson, asMessagePack) = (new ConcurrentQueue<object?>(), new ConcurrentQueue<object?>());
        await using var json = await ConnectAsync(hub, typeof(ReceivedNotification), sent => asJson.Enqueue(RandomPayload.Of(((ReceivedNotification)sent).Payload)));
        await using var messagePack = await ConnectAsync(hub, typeof(object), sent => asMessagePack.Enqueue(RandomPayload.Of(Payload(sent))));
        using var http = hub.As("service", TokenNames.PublisherRole);
        var published = new List<RandomPayload>();
        var refused = 0;

        for (var seed = 1; seed <= Payloads; seed++)
        {
            var payload = new RandomPayload(seed);
            var refusal = overHttp ? await PostAsync(http, payload.Json) : await PublishAsync(hub, payload.Json);
            if (payload.Faults.Count == 0)
            {
                Assert.True(refusal is null, $"Seed {seed} breaks no rule and was refused: {refusal}\n{payload.Json}");
                published.Add(payload);
                continue;
            }

            Assert.True(
                refusal is not null && payload.Faults.Any(fault => refusal.Contains(fault, StringComparison.Ordinal)),
                $"Seed {seed} has to be refused for {string.Join(" or ", payload.Faults)}: {refusal ?? "it was published"}\n{payload.Json}");
            refused++;
        }

        Assert.InRange(refused, Payloads / 20, Payloads / 2);
        await Eventually.True(() => asJson.Count >= published.Count && asMessagePack.Count >= published.Count, "both clients to have them all");
        foreach (var (payload, sentAsJson, sentAsMessagePack) in published.Zip(asJson, asMessagePack))
        {
            Assert.Equal((payload.Json, RandomPayload.Show(payload.Value)), (payload.Json, RandomPayload.Show(sentAsJson)));
            Assert.Equal((payload.Json, RandomPayload.Show(payload.Value)), (payload.Json, RandomPayload.Show(sentAsMessagePack)));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_refusal_names_the_value_the_rule_and_what_to_send(string payload, string says)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As("service", TokenNames.PublisherRole);

        Assert.StartsWith($"The body {says}", await PostAsync(http, payload), StringComparison.Ordinal);
        Assert.StartsWith($"The notification payload {says}", await PublishAsync(hub, payload), StringComparison.Ordinal);
        Assert.Empty((await hub.Service<NotificationLog>().ReadAfterAsync(StreamName.User(_user), 0, 1)).Entries);
    }

    [Theory]
    [InlineData(Wei)]
    [InlineData("[-9223372036854775809,1e400]")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"__proto__":1}""")]
    [InlineData("""["\ud83d"]""")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    public async Task One_that_lies_in_the_log_from_before_the_rule_reaches_a_MessagePack_client_as_its_text(string payload)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        var entry = Encoding.UTF8.GetBytes($"1700000000000 0123456789ab\n{{\"id\":\"old\",\"type\":\"T\",\"payload\":{payload},\"timestamp\":1700000000000}}");
        await hub.Service<NotificationLog>().AppendAsync(StreamName.User(_user), "old", entry, grace: null);
        await PublishAsync(hub, "\"new\"");

        var payloads = new ConcurrentQueue<object?>();
        await using var messagePack = await ConnectAsync(hub, typeof(object), sent => payloads.Enqueue(Payload(sent)), "laptop");

        await Eventually.True(() => payloads.Count == 2, "both to arrive");
        Assert.Equal([payload, "new"], payloads);
    }

    [Fact]
    public async Task Text_lies_in_the_log_as_UTF_8_whoever_escaped_it()
    {
        const string text = "😀 漢字 ü <&>'+";
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As("service", TokenNames.PublisherRole);
        var stream = StreamName.User(_user);

        Assert.Null(await PostAsync(http, $$"""{ "text": "{{text}}", "number": 1.50 }"""));
        // With the serializer's own escapes.
        await hub.Service<NotificationPublisher>().PublishAsync(stream, Notification.Create("T", new { text }) with { Push = new Push { Title = text, Data = new Dictionary<string, string> { ["text"] = text } } });

        var entries = (await hub.Service<NotificationLog>().ReadAfterAsync(stream, 0, 2)).Entries.Select(entry => Encoding.UTF8.GetString(entry.Span)).ToArray();
        Assert.Contains($$"""
            "payload":{"text":"{{text}}","number":1.50},
            """, entries[0], StringComparison.Ordinal);
        Assert.Contains($$"""
            "payload":{"text":"{{text}}"},
            """, entries[1], StringComparison.Ordinal);
        Assert.Contains($$"""
            {"title":"{{text}}","data":{"text":"{{text}}"},
            """, entries[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_and_a_push_part_that_are_no_text_are_refused()
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var (half, stream) = ("a\ud83d", TestMessaging.NewStream());
        var valid = TestMessaging.Numbered(1);
        foreach (var notification in (Notification[])
        [
            valid with { Type = half },
            valid with { Push = new Push { Title = half } },
            valid with { Push = new Push { Body = half } },
            valid with { Push = new Push { Sound = half } },
            valid with { Push = new Push { Data = new Dictionary<string, string> { ["a"] = half } } },
            valid with { Push = new Push { Data = new Dictionary<string, string> { [half] = "a" } } },
        ])
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(() => messaging.Publisher.PublishAsync(stream, notification));
            Assert.Contains("half a surrogate pair", refused.Message, StringComparison.Ordinal);
        }

        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.Meta(stream)));
    }

    private static object? Payload(object sent) => ((Dictionary<object, object?>)sent)["payload"];

    private async Task<HubConnection> ConnectAsync(HubHost hub, Type type, Action<object> receive, string? device = null)
    {
        var builder = new HubConnectionBuilder().WithUrl(
            new Uri(hub.Address, "/hubs/notifications" + (device is null ? "" : $"?device={device}")),
            options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(_user)));
        var connection = (type == typeof(object) ? builder.AddMessagePackProtocol() : builder).Build();
        var subscribed = new TaskCompletionSource();
        connection.On("subscribed", [typeof(object)], _ =>
        {
            subscribed.TrySetResult();
            return Task.CompletedTask;
        });
        connection.On("notification", [type], sent =>
        {
            receive(sent[0]!);
            return Task.CompletedTask;
        });
        await connection.StartAsync();
        await subscribed.Task.WaitAsync(TimeSpan.FromSeconds(15));
        return connection;
    }

    /// <returns>Why it was refused; null: it was not.</returns>
    private async Task<string?> PostAsync(HttpClient http, string payload)
    {
        using var answer = await http.PostAsync(
            "/api/notifications", new StringContent($$"""{"stream":"user:{{_user}}","type":"T","payload":{{payload}}}""", mediaType: new("application/json")));
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString();
    }

    /// <inheritdoc cref="PostAsync"/>
    private async Task<string?> PublishAsync(HubHost hub, string payload)
    {
        try
        {
            await hub.Service<NotificationPublisher>().PublishAsync(StreamName.User(_user), new Notification { Type = "T", Payload = JsonElement.Parse(payload) });
            return null;
        }
        catch (ArgumentException refused)
        {
            return refused.Message;
        }
    }
}
