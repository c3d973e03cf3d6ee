using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Notifications.Hubs.Tokens;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Tokens;

/// <summary>What operators can do: end a user's connections on every hub, and refuse the tokens that they have.</summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisServers _servers = new();
    private readonly string _user = RedisServers.Unique("user") + "/a+b@example.org";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_operator_ends_a_users_connections_on_all_hubs_and_he_comes_back(RedisKind kind)
    {
        var redis = await _servers.GetAsync(kind);
        await using var first = await HubHost.StartAsync(redis.ConnectionString);
        await using var second = await HubHost.StartAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await using var here = await first.ConnectAsync(_user, "laptop");
        await using var there = await second.ConnectAsync(_user, "phone");
        var other = RedisServers.Unique("user");
        await using var others = await second.ConnectAsync(other);
        using var operators = first.As("olga", TokenNames.OperatorRole);

        using var answer = await operators.DeleteAsync($"/api/users/{Uri.EscapeDataString(_user)}/connections");

        Assert.Equal((HttpStatusCode.OK, """{"hubs":2}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        await Eventually.True(() => here.Subscribed.Count == 2 && there.Subscribed.Count == 2, "both to have come back");
        await messaging.PublishAsync(StreamName.User(_user), 2);
        await messaging.PublishAsync(StreamName.User(other), 1);
        await Eventually.True(() => here.Received.Count == 2 && there.Received.Count == 2 && others.Received.Count == 1, "what is published afterwards");
        Assert.Single(others.Subscribed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ann")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"userEnd":"ann"}""")]
    [InlineData("""{"userEnd":{},"answer":{},"question":{}}""")]
    [InlineData("""{"userEnd":{"user":null,"revokedUntil":"2999-01-01T00:00:00Z"}}""")]
    [InlineData("""{"userEnd":{"user":"\ud800"}}""")]
    public async Task A_message_that_is_none_of_the_hubs_changes_nothing_for_them(string text)
    {
        var redis = await _servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var client = await hub.ConnectAsync(_user);
        using var operators = hub.As("olga", TokenNames.OperatorRole);

        await redis.Connection.GetDatabase().PublishAsync(RedisChannel.Literal(Names.Default.Hubs), text);
        Assert.Equal(HubConnectionState.Connected, client.State);
        using var answer = await operators.DeleteAsync($"/api/users/{Uri.EscapeDataString(_user)}/connections");

        Assert.Equal("""{"hubs":1}""", await answer.Content.ReadAsStringAsync());
        await Eventually.True(() => client.Subscribed.Count == 2, "the client to have come back");
    }

    [Fact]
    public async Task A_revoked_token_ends_at_once_on_every_hub_and_begins_nothing_and_a_new_one_does()
    {
        var redis = await _servers.GetAsync(RedisKind.Garnet);
        await using var first = await HubHost.StartAsync(redis.ConnectionString);
        await using var second = await HubHost.StartAsync(redis.ConnectionString);
        var token = TestTokens.Create(_user);
        await using var here = await ConnectAsync(first, token);
        await using var there = await ConnectAsync(second, token);
        using var operators = second.As("olga", TokenNames.OperatorRole);

        using var answer = await operators.PostAsync($"/api/users/{Uri.EscapeDataString(_user)}/revocation", null);

        var until = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("until").GetDateTimeOffset();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Eventually.True(
            () => here.State == HubConnectionState.Disconnected && there.State == HubConnectionState.Disconnected, "both connections to end");
        await using var later = await HubHost.StartAsync(redis.ConnectionString);
        foreach (var hub in (HubHost[])[first, second, later])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(hub, HttpMethod.Post, "/hubs/notifications/negotiate?negotiateVersion=1", token));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(hub, HttpMethod.Get, "/api/notifications", token));
            var issuedLater = TestTokens.Create(_user, issuedAt: until.UtcDateTime.AddSeconds(1));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(hub, HttpMethod.Post, "/hubs/notifications/negotiate?negotiateVersion=1", issuedLater));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(hub, HttpMethod.Get, "/api/notifications", TestTokens.Create(RedisServers.Unique("user"))));
        }
    }

    [Theory]
    [InlineData("DELETE", "connections")]
    [InlineData("POST", "revocation")]
    public async Task Only_operators_may_and_only_with_a_user_id(string method, string what)
    {
        await using var hub = await HubHost.StartAsync((await _servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        await using var client = await hub.ConnectAsync(_user);
        var path = $"/api/users/{Uri.EscapeDataString(_user)}/{what}";

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(hub, new(method), path, TestTokens.Create(_user, [TokenNames.StaffRole, TokenNames.PublisherRole])));
        using var http = hub.As("olga", TokenNames.OperatorRole);
        using var bad = await http.SendAsync(new HttpRequestMessage(new(method), $"/api/users/{Uri.EscapeDataString("*{1}\r\n")}/{what}"));

        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Equal(
            "The user id has 6 characters or one that is not allowed. It takes 1 to 128 out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
            (await bad.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString());
        Assert.Single(client.Subscribed);
    }

    [FactWithRedisServer]
    public async Task While_Redis_is_away_what_is_revoked_stays_so_and_nothing_new_can_be_and_what_was_missed_is_read_when_it_is_back()
    {
        await using var servers = new RedisProcesses();
        var redis = await servers.StartAsync("--appendonly", "yes");
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, ("Delivery:ProbeInterval", "00:00:00.200"));
        await using var connection = await RedisProcesses.ConnectAsync(redis);
        var store = new RevocationStore(connection, Names.Default);
        var revoked = TestTokens.Create(RedisServers.Unique("user"));
        using var operators = hub.As("olga", TokenNames.OperatorRole);
        using (var answer = await operators.PostAsync($"/api/users/{SubjectOf(revoked)}/revocation", null))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var token = TestTokens.Create(_user);
        await using var client = await ConnectAsync(hub, token);
        // As if the hub had not heard: kept, but not told.
        await store.AddAsync(_user, DateTimeOffset.UtcNow, TimeSpan.FromHours(1));
        await redis.KillAsync();
        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to say that it is not ready");

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(hub, HttpMethod.Get, "/api/notifications", revoked));
        using (var answer = await operators.PostAsync($"/api/users/{RedisServers.Unique("user")}/revocation", null))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter!.Delta));
        }

        Assert.Equal(HubConnectionState.Connected, client.State);
        await redis.StartAsync(CancellationToken.None);
        await Eventually.True(() => client.State == HubConnectionState.Disconnected, "the revocation that was not heard to be read", Recovery);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(hub, HttpMethod.Get, "/api/notifications", revoked));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Redis_forgets_a_revocation_when_no_token_can_be_left_that_it_would_refuse(RedisKind kind)
    {
        var redis = (await _servers.GetAsync(kind)).Connection;
        var store = new RevocationStore(redis, Names.Default);
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        await store.AddAsync("old", now - TimeSpan.FromHours(2), TimeSpan.FromHours(1));
        await store.AddAsync("new", now, TimeSpan.FromHours(1));

        Assert.Equal([KeyValuePair.Create("new", now)], await store.ListAsync(now - TimeSpan.FromDays(1)));
        Assert.InRange((await redis.GetDatabase().KeyTimeToLiveAsync(Names.Default.Revocations))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("999", true)]
    [InlineData("1000", true)]
    [InlineData("1001", false)]
    public void A_token_is_revoked_if_it_was_issued_by_then_or_does_not_say_when(string? issuedAt, bool isRevoked)
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_000));
        var revocations = new Revocations(Options.Create(new TokenOptions()), time);
        revocations.Learn(KeyValuePair.Create("ann", time.GetUtcNow()));
        var caller = Caller("ann", issuedAt);

        Assert.Equal(isRevoked ? time.GetUtcNow() : null, revocations.Of(caller));
        Assert.Null(revocations.Of(Caller("bob", issuedAt)));
        time.Advance(TimeSpan.FromHours(25));
        revocations.Learn();
        Assert.Null(revocations.Of(caller));
    }

    private static ClaimsPrincipal Caller(string user, string? issuedAt)
    {
        List<Claim> claims = [new(TokenNames.UserClaim, user)];
        if (issuedAt is not null)
        {
            claims.Add(new(TokenNames.IssuedAtClaim, issuedAt));
        }

        return new ClaimsPrincipal(new ClaimsIdentity(claims, "test"));
    }

    private static async Task<HubConnection> ConnectAsync(HubHost hub, string token)
    {
        var connection = new HubConnectionBuilder()
            .WithUrl(new Uri(hub.Address, "/hubs/notifications"), http => http.AccessTokenProvider = () => Task.FromResult<string?>(token))
            .Build();
        await connection.StartAsync();
        // Answered, the connection is known to all of the hub.
        await connection.InvokeAsync<string>("Instance");
        return connection;
    }

    private static async Task<HttpStatusCode> StatusAsync(HubHost hub, HttpMethod method, string path, string token)
    {
        using var http = new HttpClient { BaseAddress = hub.Address };
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static string SubjectOf(string token) => new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token).Subject;
}
