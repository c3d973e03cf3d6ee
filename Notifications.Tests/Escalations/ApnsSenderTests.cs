using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Notifications.Hubs.Escalations;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class ApnsSenderTests(PushFixture fakes) : IClassFixture<PushFixture>
{
    private readonly string _token = PushFixture.NewToken();

    private ApnsRequest Sent => fakes.Apns.Requests.Last(request => request.Token == _token);

    [Fact]
    public async Task A_message_goes_out_whole_over_HTTP_2_and_TLS_with_a_signed_token()
    {
        using var senders = fakes.Senders();
        var push = new Push
        {
            Title = "Shipped ☕", Body = "Your order is on its way", Badge = 0, Sound = "default", Data = new Dictionary<string, string> { ["order"] = "9" },
        };
        var message = PushFixture.Message(push);
        Assert.Equal(new SendOutcome(SendResult.Delivered), await SendAsync(senders, message));

        Assert.Equal("HTTP/2", Sent.Protocol);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["apns-topic"] = FakeApns.Topic,
                ["apns-push-type"] = "alert",
                ["apns-priority"] = "10",
                ["apns-expiration"] = $"{message.Expires.ToUnixTimeSeconds()}",
                ["apns-collapse-id"] = "an-id",
            },
            Sent.Headers);
        AssertJson(
            """
            {
              "aps": { "alert": { "title": "Shipped ☕", "body": "Your order is on its way" }, "badge": 0, "sound": "default" },
              "order": "9", "stream": "user:42", "epoch": "abcdef", "offset": "7", "id": "an-id"
            }
            """);
    }

    [Fact]
    public async Task Without_title_and_body_the_phone_is_woken_up_and_shows_nothing()
    {
        using var senders = fakes.Senders();
        await SendAsync(senders, PushFixture.Message(new Push()));
        Assert.Equal(("background", "5"), (Sent.Headers["apns-push-type"], Sent.Headers["apns-priority"]));
        AssertJson("""{ "aps": { "content-available": 1 }, "stream": "user:42", "epoch": "abcdef", "offset": "7", "id": "an-id" }""");
    }

    [Fact]
    public async Task What_is_too_long_for_a_phone_goes_as_a_wake_up_with_the_position_only()
    {
        using var senders = fakes.Senders();
        var fits = PushFixture.Message(new Push { Title = "Fits", Body = new string('x', 3_900) });
        await SendAsync(senders, fits);
        Assert.InRange(Sent.BodyLength, 3_900, 4_096);
        Assert.Equal("Fits", Sent.Body.GetProperty("aps").GetProperty("alert").GetProperty("title").GetString());

        await SendAsync(senders, PushFixture.Message(new Push { Title = "Too long", Body = new string('x', 4_096) }));
        Assert.Equal("background", Sent.Headers["apns-push-type"]);
        AssertJson("""{ "aps": { "content-available": 1 }, "stream": "user:42", "epoch": "abcdef", "offset": "7", "id": "an-id" }""");
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 43)]
    [InlineData(128, 43)]
    public async Task A_collapse_id_is_the_notifications_or_its_hash_where_Apple_takes_no_more(int idLength, int collapseIdLength)
    {
        using var senders = fakes.Senders();
        var id = new string('i', idLength);
        Assert.Equal(SendResult.Delivered, (await SendAsync(senders, PushFixture.Message(id: id))).Result);
        Assert.Equal((collapseIdLength, id), (Sent.Headers["apns-collapse-id"].Length, Sent.Id));
    }

    [Fact]
    public async Task The_token_is_kept_for_20_minutes_and_not_for_60()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-70));
        using var senders = fakes.Senders(time);
        await SendAsync(senders, PushFixture.Message());
        var first = Sent.Authorization;
        time.Advance(TimeSpan.FromMinutes(20));
        await SendAsync(senders, PushFixture.Message());
        Assert.Equal(first, Sent.Authorization);
        time.Advance(TimeSpan.FromMinutes(39));
        await SendAsync(senders, PushFixture.Message());
        Assert.NotEqual(first, Sent.Authorization);
        Assert.Equal(59, Math.Round((IssuedAt(Sent.Authorization) - IssuedAt(first)).TotalMinutes));

        static DateTime IssuedAt(string authorization) => new JsonWebToken(authorization["bearer ".Length..]).IssuedAt;
    }

    [Theory]
    [InlineData(400, "BadDeviceToken", SendResult.TokenDead)]
    [InlineData(400, "DeviceTokenNotForTopic", SendResult.TokenDead)]
    [InlineData(410, "ExpiredToken", SendResult.TokenDead)]
    [InlineData(400, "BadCollapseId", SendResult.Rejected)]
    [InlineData(413, "PayloadTooLarge", SendResult.Rejected)]
    [InlineData(400, "TopicDisallowed", SendResult.Misconfigured)]
    [InlineData(403, "InvalidProviderToken", SendResult.Misconfigured)]
    [InlineData(403, "ExpiredProviderToken", SendResult.Misconfigured)]
    [InlineData(401, "Unauthorized", SendResult.Misconfigured)]
    [InlineData(429, "TooManyRequests", SendResult.Retry)]
    [InlineData(500, "InternalServerError", SendResult.Retry)]
    [InlineData(503, "ServiceUnavailable", SendResult.Retry)]
    public async Task An_answer_has_its_outcome(int status, string reason, object expected)
    {
        using var senders = fakes.Senders();
        fakes.Apns.Answer = _ => FakeAnswer.Apns(status, reason);
        try
        {
            Assert.Equal(new SendOutcome((SendResult)expected, $"{status} {reason}"), await SendAsync(senders, PushFixture.Message()));
        }
        finally
        {
            fakes.Apns.Answer = _ => null;
        }

        Assert.Single(fakes.Apns.Requests, request => request.Token == _token);
    }

    [Fact]
    public async Task A_phone_that_was_found_gone_is_dead_unless_it_was_registered_since()
    {
        using var senders = fakes.Senders();
        var registered = DateTimeOffset.UtcNow.AddHours(-1);
        try
        {
            fakes.Apns.Answer = _ => FakeAnswer.Apns(410, "Unregistered", registered.AddMinutes(1));
            Assert.Equal(SendResult.TokenDead, (await SendAsync(senders, PushFixture.Message(), registered)).Result);
            fakes.Apns.Answer = _ => FakeAnswer.Apns(410, "Unregistered", registered.AddMinutes(-1));
            Assert.Equal(SendResult.Retry, (await SendAsync(senders, PushFixture.Message(), registered)).Result);
        }
        finally
        {
            fakes.Apns.Answer = _ => null;
        }
    }

    [Fact]
    public async Task Another_servers_certificate_is_refused()
    {
        await using var stranger = await FakeApns.StartAsync();
        using var senders = fakes.Senders(null, ("Escalation:Apns:Endpoint", $"{stranger.Endpoint}"));
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(senders, PushFixture.Message()));
        Assert.Empty(stranger.Requests);
    }

    [Fact]
    public async Task A_key_that_is_not_the_teams_is_a_matter_of_configuration()
    {
        using var senders = fakes.Senders(null, ("Escalation:Apns:TeamId", "ANOTHERONE"));
        Assert.Equal(new SendOutcome(SendResult.Misconfigured, "403 InvalidProviderToken"), await SendAsync(senders, PushFixture.Message()));
    }

    private Task<SendOutcome> SendAsync(SenderHost senders, PushMessage message, DateTimeOffset? registeredAt = null) =>
        senders.Apns.SendAsync(message, PushFixture.Phone(PushPlatform.Apns, _token, registeredAt), CancellationToken.None);

    private void AssertJson(string expected) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), Sent.Body), $"Expected {expected}{Environment.NewLine}but got {Sent.Body}");
}
