using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class NotificationApiTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const string Path = "/api/notifications";
    private readonly string _user = RedisServers.Unique("user");

    [Fact]
    public async Task The_own_log_is_read_page_by_page_oldest_first()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.PublishAsync(StreamName.User(_user), 3);
        using var http = hub.As(_user);

        var first = await http.GetFromJsonAsync<Page>($"{Path}?limit=2");
        Assert.Equal((2L, true), (first!.Offset, first.More));
        Assert.Equal([1L, 2L], first.Items.Select(item => item.Offset));
        var second = await http.GetFromJsonAsync<Page>($"{Path}?limit=2&after={first.Offset}");
        Assert.Equal((3L, false, first.Epoch), (second!.Offset, second.More, second.Epoch));
        var item = Assert.Single(second.Items);
        Assert.Equal(($"user:{_user}", 3L, "NUMBERED", 3), (item.Stream, item.Offset, item.Type, item.Payload.GetProperty("number").GetInt32()));
    }

    [Theory]
    [InlineData("after=-1", "after is \"-1\"")]
    [InlineData("after=x", "after is \"x\"")]
    [InlineData("limit=0", "limit is \"0\"")]
    [InlineData("limit=1001", "limit is \"1001\"")]
    public async Task A_page_that_can_not_be_is_refused(string query, string says)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user);
        await AssertProblemAsync(await http.GetAsync($"{Path}?{query}"), HttpStatusCode.BadRequest, says);
    }

    [Fact]
    public async Task A_publisher_publishes_one_or_several_and_an_id_counts_once()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As("service", TokenNames.PublisherRole);
        var stream = $"user:{_user}";

        var one = await PostAsync<Result>(http, new { stream, id = "a", type = "T", payload = 1 });
        Assert.Equal(("a", 1L, false), (one.Id, one.Offset, one.Duplicate));
        var several = await PostAsync<Result[]>(http, new object[]
        {
            new { stream, id = "b", type = "T", payload = new { x = 2 } },
            new { stream, id = "a", type = "T", payload = 1 },
            new { stream, type = "T", payload = (object?)null },
        });
        Assert.Equal([("b", 2L, false), ("a", 1L, true)], several[..2].Select(result => (result.Id, result.Offset, result.Duplicate)));
        Assert.Equal((3L, false), (several[2].Offset, several[2].Duplicate));
    }

    [Theory]
    [InlineData("", "The request has no body, or null for one.")]
    [InlineData("null", "The request has no body, or null for one.")]
    [InlineData("""{"stream":"user:\ud800","type":"T","payload":1}""", "The body has half a surrogate pair among its escapes")]
    [InlineData("{\"stream\":\"user:a\",\"type\":\"T\",\"payload\":\"\u00ff\"}", "The body has bytes that are no UTF-8.")]
    [InlineData("""{"stream":"user:a","type":"T","payload":1,"expires":5,"priority":"high"}""", "A notification has \"expires\", which is not known. It may have stream, type, payload, id, push.")]
    [InlineData("""[{"stream":"user:a","type":"T","payload":1,"puhs":{}}]""", "A notification has \"puhs\", which is not known.")]
    [InlineData("""{"stream":"user:a","type":"T","payload":1,"push":{"title":"x","Badge":1}}""", "\"push\" has \"Badge\", which is not known. It may have title, body, badge, sound, data, grace, ttl.")]
    public async Task A_body_that_no_reader_would_take_is_refused(string latin1, string says)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user, TokenNames.PublisherRole);
        using var body = new ByteArrayContent(Encoding.Latin1.GetBytes(latin1)) { Headers = { ContentType = new("application/json") } };
        await AssertProblemAsync(await http.PostAsync(Path, body), HttpStatusCode.BadRequest, says);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("unhandled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_payload_as_deep_as_may_be_gets_through_and_a_deeper_one_is_refused()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        await using var client = await hub.ConnectAsync(_user);
        using var http = hub.As("service", TokenNames.PublisherRole);
        StringContent Nested(int depth) => new(
            $$"""{"stream":"user:{{_user}}","type":"T","payload":{{new string('[', depth)}}{{new string(']', depth)}}}""", mediaType: new("application/json"));

        await AssertProblemAsync(await http.PostAsync(Path, Nested(51)), HttpStatusCode.BadRequest, "The notification payload has more than 50 objects and arrays within each other.");
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(Path, Nested(50))).StatusCode);
        await Eventually.True(() => client.Received.Count == 1, "the nested one to be delivered");
    }

    [Fact]
    public async Task A_bad_one_among_several_publishes_none()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user, TokenNames.PublisherRole);
        var good = new { stream = $"user:{_user}", type = "T", payload = (object)1 };

        await AssertProblemAsync(await http.PostAsJsonAsync(Path, new object[] { good, good with { stream = "user:*" } }), HttpStatusCode.BadRequest, "user:*");
        await AssertProblemAsync(await http.PostAsJsonAsync(Path, new object[] { good, new { good.stream } }), HttpStatusCode.BadRequest, "\"type\" is missing");
        await AssertProblemAsync(await http.PostAsJsonAsync(Path, new object[] { good, 7 }), HttpStatusCode.BadRequest, "JSON object");
        await AssertProblemAsync(
            await http.PostAsJsonAsync(Path, new object[] { good, new { good.stream, good.type, good.payload, push = new { title = 7 } } }),
            HttpStatusCode.BadRequest, "\"push.title\" is 7");
        await AssertProblemAsync(
            await http.PostAsJsonAsync(Path, new object[] { good, new { stream = "topic:news", good.type, good.payload, push = new { title = "x" } } }),
            HttpStatusCode.BadRequest, "a topic has no phones");
        await AssertProblemAsync(
            await http.PostAsJsonAsync(Path, new object[] { good, new { good.stream, good.type, good.payload, push = new { body = new string('x', 17_000) } } }),
            HttpStatusCode.RequestEntityTooLarge, "The push part has");
        await AssertProblemAsync(
            await http.PostAsJsonAsync(Path, new object[] { good, good with { payload = new string('x', 17_000) } }), HttpStatusCode.RequestEntityTooLarge, "17002 bytes");
        await AssertProblemAsync(await http.PostAsJsonAsync(Path, Enumerable.Repeat(good, 1_001)), HttpStatusCode.BadRequest, "1001");
        Assert.Empty((await http.GetFromJsonAsync<Page>(Path))!.Items);
    }

    [Fact]
    public async Task Without_the_role_nothing_is_published()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user, TokenNames.StaffRole);
        var response = await http.PostAsJsonAsync(Path, new { stream = $"user:{_user}", type = "T", payload = 1 });
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Empty((await http.GetFromJsonAsync<Page>(Path))!.Items);
    }

    private static async Task<T> PostAsync<T>(HttpClient http, object body)
    {
        var response = await http.PostAsJsonAsync(Path, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<T>())!;
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string says)
    {
        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(says, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private sealed record Page(string Epoch, long Offset, ReceivedNotification[] Items, bool More);

    private sealed record Result(string Id, string Epoch, long Offset, bool Duplicate);
}
