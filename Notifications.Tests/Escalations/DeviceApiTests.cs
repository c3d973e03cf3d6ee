using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class DeviceApiTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _user = RedisServers.Unique("user");
    private readonly string _token = PushFixture.NewToken();

    public static TheoryData<string, object, string> Wrong => new()
    {
        { "phone", new { platform = "gcm", token = "x" }, "platform is \"gcm\". It has to be \"fcm\" or \"apns\"." },
        { "phone", new { token = "x" }, "platform is missing" },
        { "phone", new { platform = 7, token = "x" }, "platform is missing or no string" },
        { "phone", new { platform = "fcm" }, "token is missing" },
        { "phone", new { platform = "fcm", token = "" }, "token has 0 characters" },
        { "phone", new { platform = "fcm", token = new string('x', 4097) }, "token has 4097 characters" },
        { "phone", new { platform = "fcm", token = "two words" }, "white space" },
        { "phone", new { platform = "apns", token = "../../evil" }, "hexadecimal" },
        { "phone", "text", "The body is String" },
        { "phone", new { platform = "fcm", token = "x", tokn = "y" }, "The body has \"tokn\", which is not known. It may have platform, token." },
        { "my%20phone", new { platform = "fcm", token = "x" }, "The device name has 8 characters or one that is not allowed" },
        { new string('d', 129), new { platform = "fcm", token = "x" }, "The device name has 129 characters" },
    };

    [Fact]
    public async Task A_phone_is_registered_moves_to_another_user_and_is_removed()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        var other = RedisServers.Unique("other");
        using var http = hub.As(_user);
        using var others = hub.As(other);

        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(http, "phone")).StatusCode);
        Assert.Equal(["phone"], await PhonesAsync(messaging, _user));
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(others, "mine")).StatusCode);
        Assert.Empty(await PhonesAsync(messaging, _user));
        Assert.Equal(["mine"], await PhonesAsync(messaging, other));

        // One's own only.
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/api/devices/mine")).StatusCode);
        Assert.Equal(["mine"], await PhonesAsync(messaging, other));
        Assert.Equal(HttpStatusCode.NoContent, (await others.DeleteAsync("/api/devices/mine")).StatusCode);
        Assert.Empty(await PhonesAsync(messaging, other));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a@b:c|d/e!$~=+")]
    public async Task Whatever_a_device_may_be_named_can_stand_in_the_path(string device)
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        using var http = hub.As(_user);

        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(http, Uri.EscapeDataString(device))).StatusCode);
        Assert.Equal([device], await PhonesAsync(messaging, _user));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/api/devices/{Uri.EscapeDataString(device)}/pushes")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync($"/api/devices/{Uri.EscapeDataString(device)}")).StatusCode);
        Assert.Empty(await PhonesAsync(messaging, _user));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_can_not_be_a_phone_is_refused(string device, object body, string says)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user);
        using var response = await http.PutAsJsonAsync($"/api/devices/{device}", body);
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(says, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_nothing_is_registered()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = new HttpClient { BaseAddress = hub.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, (await PutAsync(http, "phone")).StatusCode);
    }

    [Fact]
    public async Task In_Development_what_would_go_to_a_phone_is_shown_to_its_user_alone()
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        using var http = hub.As(_user);
        using var publisher = hub.As("service", TokenNames.PublisherRole);
        await PutAsync(http, "phone");
        var push = new { title = "Shipped", body = "On its way", badge = 2, data = new { order = 9 } };
        var response = await publisher.PostAsJsonAsync("/api/notifications", new { stream = $"user:{_user}", id = "shown", type = "T", payload = 1, push });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        JsonElement[] shown = [];
        await Eventually.True(async () => (shown = (await http.GetFromJsonAsync<JsonElement[]>("/api/devices/phone/pushes"))!).Length > 0, "the phone to show it");
        var message = Assert.Single(shown);
        Assert.Equal(
            ("shown", "Shipped", "On its way", 2, "9"),
            (message.GetProperty("id").GetString(), message.GetProperty("title").GetString(), message.GetProperty("body").GetString(),
                message.GetProperty("badge").GetInt32(), message.GetProperty("data").GetProperty("order").GetString()));
        using var other = hub.As(RedisServers.Unique("other"));
        Assert.Empty((await other.GetFromJsonAsync<JsonElement[]>("/api/devices/phone/pushes"))!);
    }

    private Task<HttpResponseMessage> PutAsync(HttpClient http, string device) =>
        http.PutAsJsonAsync($"/api/devices/{device}", new { platform = "fcm", token = _token });

    private static async Task<IEnumerable<string>> PhonesAsync(TestMessaging messaging, string user) =>
        (await messaging.Database.HashKeysAsync(Names.Default.Phones(StreamName.User(user)))).Select(device => (string)device!);
}
