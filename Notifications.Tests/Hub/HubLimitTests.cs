using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Options;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>Each limit of a hub on its own: the answer to one too many, and what happens to who goes on.</summary>
public sealed class HubLimitTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const char RecordEnd = HubHost.RecordEnd;
    private readonly string _user = RedisServers.Unique("user");

    [Fact]
    public async Task Streams_that_a_connection_is_subscribed_to()
    {
        await using var hub = await StartAsync(("Limits:SubscriptionsPerConnection", "2"));
        await using var client = await hub.ConnectAsync(_user);
        await client.InvokeAsync("Subscribe", "topic:a");

        var refused = await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Subscribe", "topic:b"));

        Assert.EndsWith("This connection is subscribed to 2 streams, as many as Limits:SubscriptionsPerConnection allows. Unsubscribe from one first.", refused.Message, StringComparison.Ordinal);
        await client.InvokeAsync("Subscribe", "topic:a");
        await client.InvokeAsync("Unsubscribe", "topic:a");
        await client.InvokeAsync("Subscribe", "topic:b");
    }

    [Fact]
    public async Task Calls_of_a_connection_and_it_goes_if_its_client_does_not_care()
    {
        await using var hub = await StartAsync(("Limits:Invocations:PerSecond", "1"), ("Limits:Invocations:Burst", "3"));
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await using var other = await hub.ConnectAsync(RedisServers.Unique("other"));
        for (var i = 0; i < 3; i++)
        {
            await client.InstanceAsync();
        }

        var refused = await Assert.ThrowsAsync<HubException>(client.InstanceAsync);
        Assert.EndsWith(
            "unavailable: this connection calls more often than the 3 at once and 1 per second that Limits:Invocations lets in. Ask again after a second.", refused.Message, StringComparison.Ordinal);
        // A stream that it is not subscribed to would cost a write each.
        Assert.Contains("unavailable:", (await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Acknowledge", "topic:a", "e", 1))).Message, StringComparison.Ordinal);
        await client.InvokeAsync("Acknowledge", $"user:{_user}", "e", 1);

        await Eventually.True(
            async () =>
            {
                await Record.ExceptionAsync(client.InstanceAsync);
                return client.State != HubConnectionState.Connected;
            },
            "the connection to be closed");
        Assert.NotEmpty(await other.InstanceAsync());
    }

    [Fact]
    public async Task Acknowledgements_have_a_limit_of_their_own()
    {
        await using var hub = await StartAsync(("Limits:Acknowledgements:PerSecond", "1"), ("Limits:Acknowledgements:Burst", "1"));
        await using var client = await hub.ConnectAsync(_user, "laptop");
        await client.InvokeAsync("Acknowledge", $"user:{_user}", "e", 1);

        var refused = await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync("Acknowledge", $"user:{_user}", "e", 2));

        Assert.Contains("than the 1 at once and 1 per second that Limits:Acknowledgements lets in.", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await client.InstanceAsync());
    }

    [Theory]
    [InlineData("{\"type\":1,\"target\":\"Subscribe\",\"arguments\":[\"", "The message is larger than 1024 bytes (SignalR:MaximumReceiveMessageSize).", 2_000)]
    [InlineData("{\"type\":1,\"target\":\"Subscribe\",\"arguments\":[", "A message can't be read as SignalR's protocol json.", 0)]
    public async Task A_message_that_is_too_large_or_can_not_be_read(string start, string says, int more)
    {
        await using var hub = await StartAsync(("SignalR:MaximumReceiveMessageSize", "1024"));

        var closed = await hub.LastSaidAsync(_user, start + new string('x', more) + RecordEnd);

        Assert.Equal($$"""{"type":7,"error":"Connection closed with an error. HubException: {{says}}","allowReconnect":true}""", closed);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("rror", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Nothing\",\"arguments\":[]}")]
    [InlineData("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Subscribe\",\"arguments\":[{},7]}")]
    [InlineData("{\"type\":4,\"invocationId\":\"1\",\"target\":\"Instance\",\"arguments\":[]}")]
    [InlineData("{\"type\":3,\"invocationId\":\"1\",\"result\":1}")]
    [InlineData("{\"type\":2,\"invocationId\":\"1\",\"item\":1}")]
    public async Task Messages_that_the_hub_has_no_use_for(string message)
    {
        await using var hub = await StartAsync(("Limits:UnusableMessages", "2"));

        var closed = await hub.LastSaidAsync(_user, string.Concat(Enumerable.Repeat(message + RecordEnd, 3)));

        Assert.Contains("HubException: More than 2 messages of this connection were not valid calls of a hub method (Limits:UnusableMessages).", closed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notifications_that_a_caller_publishes()
    {
        await using var hub = await StartAsync(("Limits:PublishedNotifications:PerSecond", "1"), ("Limits:PublishedNotifications:Burst", "1000"));
        using var http = hub.As(_user, TokenNames.PublisherRole);
        object Notifications(int count) => Enumerable.Range(1, count).Select(number => new { stream = $"user:{_user}", type = "T", payload = number });
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsJsonAsync("/api/notifications", Notifications(999))).StatusCode);

        using var refused = await http.PostAsJsonAsync("/api/notifications", Notifications(100));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var seconds = (int)refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
        Assert.InRange(seconds, 90, 100);
        Assert.Equal(
            $"This caller publishes more notifications than the 1000 at once and 1 per second that Limits:PublishedNotifications lets in. Nothing was published. Try again after {seconds} s (Retry-After).",
            (await refused.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail);
        using var other = hub.As(RedisServers.Unique("other"), TokenNames.PublisherRole);
        Assert.Equal(HttpStatusCode.OK, (await other.PostAsJsonAsync("/api/notifications", Notifications(1000))).StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_is_the_callers_mistake_and_no_error_in_the_log()
    {
        await using var hub = await StartAsync();
        using var http = hub.As(_user, TokenNames.PublisherRole);

        using var answer = await http.PostAsync("/api/notifications", new StringContent("{\"stream\":", mediaType: new("application/json")));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("The body of POST /api/notifications can't be read. Send JSON in UTF-8.", (await answer.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("unhandled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SubscriptionsPerConnection", "-1", "SubscriptionsPerConnection is -1 and has to be 0 or more.")]
    [InlineData("Invocations:Burst", "0", "Invocations lets 20 in per second and 0 at once.")]
    [InlineData("PublishedNotifications:Burst", "999", "and Burst then at least 1000.")]
    public async Task A_limit_that_can_not_be_is_refused_at_the_start(string key, string value, string says)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(($"Limits:{key}", value)));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    private async Task<HubHost> StartAsync(params (string Key, string Value)[] settings) =>
        await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString, settings);
}
