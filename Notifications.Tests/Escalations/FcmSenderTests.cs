using System.Text.Json;
using System.Text.Json.Nodes;
using Notifications.Hubs.Escalations;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class FcmSenderTests(PushFixture fakes) : IClassFixture<PushFixture>
{
    private readonly string _token = PushFixture.NewToken();

    private FcmRequest Sent => fakes.Fcm.Requests.Last(request => request.Token == _token);

    [Fact]
    public async Task A_message_goes_out_whole_with_an_access_token_that_the_service_accounts_signature_got()
    {
        using var senders = fakes.Senders();
        var push = new Push
        {
            Title = "Shipped ☕", Body = "Your order is on its way", Badge = 3, Sound = "bell", Data = new Dictionary<string, string> { ["order"] = "9" },
        };
        Assert.Equal(new SendOutcome(SendResult.Delivered), await SendAsync(senders, PushFixture.Message(push)));

        AssertJson(
            """
            {
              "token": "TOKEN",
              "notification": { "title": "Shipped ☕", "body": "Your order is on its way" },
              "data": { "order": "9", "stream": "user:42", "epoch": "abcdef", "offset": "7", "id": "an-id" },
              "android": { "collapse_key": "an-id", "priority": "HIGH", "ttl": "TTL", "notification": { "tag": "an-id", "sound": "bell", "notification_count": 3 } },
              "apns": {
                "headers": { "apns-push-type": "alert", "apns-priority": "10", "apns-expiration": "EXPIRES", "apns-collapse-id": "an-id" },
                "payload": { "aps": { "badge": 3, "sound": "bell" } }
              }
            }
            """,
            Sent.Message);
        Assert.InRange(int.Parse(Sent.Message.GetProperty("android").GetProperty("ttl").GetString()!.TrimEnd('s')), 3590, 3600);
    }

    [Fact]
    public async Task Without_title_and_body_the_phone_is_woken_up_and_shows_nothing()
    {
        using var senders = fakes.Senders();
        await SendAsync(senders, PushFixture.Message(new Push { Data = new Dictionary<string, string> { ["refresh"] = "orders" } }));

        Assert.Null(Sent.Title);
        Assert.Equal(("orders", "7"), (Sent.Data("refresh"), Sent.Data("offset")));
        Assert.Equal("background", Sent.Message.GetProperty("apns").GetProperty("headers").GetProperty("apns-push-type").GetString());
    }

    [Fact]
    public async Task What_is_too_long_for_a_phone_goes_as_a_wake_up_with_the_position_only()
    {
        using var senders = fakes.Senders();
        var data = new Dictionary<string, string> { ["text"] = new('x', 3_000) };
        await SendAsync(senders, PushFixture.Message(new Push { Title = "Fits", Data = data }));
        Assert.Equal("Fits", Sent.Title);

        await SendAsync(senders, PushFixture.Message(new Push { Title = "Too long", Body = new string('ü', 1_000), Data = data }));
        Assert.Null(Sent.Title);
        AssertJson("""{ "stream": "user:42", "epoch": "abcdef", "offset": "7", "id": "an-id" }""", Sent.Message.GetProperty("data"));
    }

    [Fact]
    public async Task An_access_token_is_got_once_for_many_messages_and_again_when_it_was_withdrawn()
    {
        await using var fcm = await FakeFcm.StartAsync();
        using var senders = fakes.Senders(null, ("Escalation:Fcm:ServiceAccount", fcm.ServiceAccount), ("Escalation:Fcm:Endpoint", $"{fcm.Endpoint}"));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(SendResult.Delivered, (await SendAsync(senders, PushFixture.Message())).Result);
        }

        Assert.Equal(1, fcm.TokenRequests);
        fcm.WithdrawTokens();
        Assert.Equal(SendResult.Delivered, (await SendAsync(senders, PushFixture.Message())).Result);
        Assert.Equal((2, 6, 7), (fcm.TokenRequests, fcm.Delivered.Count, fcm.Requests.Count));
    }

    [Theory]
    [InlineData(404, "UNREGISTERED", null, SendResult.TokenDead)]
    [InlineData(400, "INVALID_ARGUMENT", "message.token", SendResult.TokenDead)]
    [InlineData(400, "INVALID_ARGUMENT", "message.data[0].key", SendResult.Rejected)]
    [InlineData(400, "INVALID_ARGUMENT", null, SendResult.Rejected)]
    [InlineData(403, "SENDER_ID_MISMATCH", null, SendResult.TokenDead)]
    [InlineData(403, "PERMISSION_DENIED", null, SendResult.Misconfigured)]
    [InlineData(401, "THIRD_PARTY_AUTH_ERROR", null, SendResult.Misconfigured)]
    [InlineData(404, "NOT_FOUND", null, SendResult.Misconfigured)]
    [InlineData(429, "QUOTA_EXCEEDED", null, SendResult.Retry)]
    [InlineData(500, "INTERNAL", null, SendResult.Retry)]
    [InlineData(503, "UNAVAILABLE", null, SendResult.Retry)]
    public async Task An_answer_has_its_outcome(int status, string code, string? field, object expected)
    {
        using var senders = fakes.Senders();
        fakes.Fcm.Answer = _ => FakeAnswer.Fcm(status, code, field);
        try
        {
            Assert.Equal(new SendOutcome((SendResult)expected, $"{status} {code}"), await SendAsync(senders, PushFixture.Message()));
        }
        finally
        {
            fakes.Fcm.Answer = _ => null;
        }
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_after_is_heard(int status)
    {
        using var senders = fakes.Senders();
        fakes.Fcm.Answer = _ => new FakeAnswer(status, RetryAfter: 17);
        try
        {
            Assert.Equal(new SendOutcome(SendResult.Retry, $"{status}", TimeSpan.FromSeconds(17)), await SendAsync(senders, PushFixture.Message()));
        }
        finally
        {
            fakes.Fcm.Answer = _ => null;
        }
    }

    [Fact]
    public async Task One_send_is_one_request_whatever_the_answer()
    {
        using var senders = fakes.Senders();
        fakes.Fcm.Answer = _ => new FakeAnswer(503);
        try
        {
            await SendAsync(senders, PushFixture.Message());
        }
        finally
        {
            fakes.Fcm.Answer = _ => null;
        }

        Assert.Single(fakes.Fcm.Requests, request => request.Token == _token);
    }

    [Fact]
    public async Task A_service_account_whose_signature_Google_refuses_is_a_matter_of_configuration()
    {
        using var senders = fakes.Senders(null, ("Escalation:Fcm:ServiceAccount", fakes.Fcm.ForeignServiceAccount));
        Assert.Equal(
            new SendOutcome(SendResult.Misconfigured, "400 invalid_grant from the service account's token_uri"), await SendAsync(senders, PushFixture.Message()));
        Assert.DoesNotContain(fakes.Fcm.Requests, request => request.Token == _token);
    }

    [Fact]
    public async Task A_token_endpoint_that_is_down_is_tried_again_later()
    {
        await using var fcm = await FakeFcm.StartAsync();
        using var senders = fakes.Senders(null, ("Escalation:Fcm:ServiceAccount", fcm.ServiceAccount), ("Escalation:Fcm:Endpoint", $"{fcm.Endpoint}"));
        fcm.TokenAnswer = () => new FakeAnswer(503, new JsonObject { ["error"] = "unavailable" });
        Assert.Equal(SendResult.Retry, (await SendAsync(senders, PushFixture.Message())).Result);
        fcm.TokenAnswer = () => null;
        Assert.Equal(SendResult.Delivered, (await SendAsync(senders, PushFixture.Message())).Result);
    }

    private Task<SendOutcome> SendAsync(SenderHost senders, PushMessage message) =>
        senders.Fcm.SendAsync(message, PushFixture.Phone(PushPlatform.Fcm, _token), CancellationToken.None);

    private void AssertJson(string expected, JsonElement actual)
    {
        var text = actual.TryGetProperty("android", out var android)
            ? expected.Replace("TOKEN", _token, StringComparison.Ordinal)
                .Replace("TTL", android.GetProperty("ttl").GetString(), StringComparison.Ordinal)
                .Replace("EXPIRES", actual.GetProperty("apns").GetProperty("headers").GetProperty("apns-expiration").GetString(), StringComparison.Ordinal)
            : expected;
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(text), actual), $"Expected {text}{Environment.NewLine}but got {actual}");
    }
}
