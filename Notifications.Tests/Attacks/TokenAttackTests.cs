using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using Microsoft.AspNetCore.SignalR;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Gateway;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using Xunit;

namespace Notifications.Tests.Attacks;

/// <summary>Callers who try to be somebody else, through the gateway and around it. After each the client that does no harm is served.</summary>
[Collection(OneSecuredSystem.Name)]
public sealed class TokenAttackTests(SecuredSystem system)
{
    private const string HubPath = "/hubs/notifications";
    private const string Negotiate = HubPath + "/negotiate?negotiateVersion=1";

    public static TheoryData<string> Forged => [.. ForgedTokens.All.Select(token => token.Name)];

    [TheoryWithRedisServer]
    [MemberData(nameof(Forged))]
    public async Task A_token_that_is_not_good_opens_nothing_at_the_gateway_or_behind_it(string name)
    {
        var (_, make, answer) = ForgedTokens.All.Single(token => token.Name == name);
        await IsRefusedAsync(make(system.Authority), answer);
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task A_token_of_another_environment_opens_nothing()
    {
        await using var another = await OidcAuthority.StartAsync();
        await IsRefusedAsync(ForgedTokens.OfAnotherEnvironment(system.Authority, another), "The token's signature does not match a key");
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task A_good_token_in_the_query_of_another_path_than_a_hubs_does_not_count()
    {
        using var browser = system.Browser();
        foreach (var path in (string[])["/api/notifications", "/api/orders", "/api/users/ann/connections", "/hubsx", "/"])
        {
            var problem = await RunningGateway.ProblemOf(await browser.GetAsync($"{path}?access_token={system.Authority.Issue("mallory")}"));
            Assert.Equal((HttpStatusCode.Unauthorized, "access_token in the query is accepted below /hubs only. Send the token as the header \"Authorization: Bearer <token>\"."), problem);
        }

        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task Another_users_stream_is_neither_read_nor_acknowledged()
    {
        var victim = RedisServers.Unique("victim");
        var stream = StreamName.User(victim);
        await using var victims = await ConnectAsync(victim, "laptop");
        var published = await system.Cluster.Publisher.PublishAsync(stream, TestMessaging.Numbered(1));
        await Eventually.True(() => victims.Received.Count == 1, "the victim's notification");
        await using var attacker = await ConnectAsync(RedisServers.Unique("mallory"), "laptop");
        Position position = new(published.Epoch, published.Offset);

        foreach (var invocation in (Func<Task>[])
        [
            () => attacker.InvokeAsync("Subscribe", stream.Value, null),
            () => attacker.InvokeAsync("Subscribe", stream.Value, new { epoch = position.Epoch, offset = 0 }),
            () => attacker.InvokeAsync("Unsubscribe", stream.Value),
            () => attacker.InvokeAsync("Acknowledge", stream.Value, position.Epoch, position.Offset),
        ])
        {
            var refused = await Assert.ThrowsAsync<HubException>(invocation);
            Assert.EndsWith($"You may not read the stream {stream}.", refused.Message, StringComparison.Ordinal);
        }

        var cursor = await system.Cluster.RedisConnection.GetDatabase().HashGetAsync(Names.Default.Cursors(stream), "laptop");
        Assert.True(cursor.IsNull || (long)cursor <= 0, $"The cursor stands at {cursor}.");
        await system.Cluster.Publisher.PublishAsync(stream, TestMessaging.Numbered(2));
        await Eventually.True(() => victims.Received.Count == 2, "the victim to be served on");
        Assert.Empty(attacker.Received);
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task Without_the_role_nobody_publishes_or_ends_sessions_or_sees_anothers_order()
    {
        using var victim = system.Browser(system.Authority.Issue(RedisServers.Unique("victim")));
        using var placed = await victim.PostAsJsonAsync("/api/orders", new { item = "Teapot", quantity = 1 });
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        // Good signature, and all the roles but the right one.
        using var attacker = system.Browser(system.Authority.Issue("mallory", ["user", "Publisher", "OPERATOR", "admin"]));

        Assert.Equal(HttpStatusCode.Forbidden, (await attacker.PostAsJsonAsync("/api/notifications", new { stream = $"user:{system.GoodUser}", type = "T", payload = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await attacker.DeleteAsync($"/api/users/{system.GoodUser}/connections")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await attacker.PostAsync($"/api/users/{system.GoodUser}/revocation", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await attacker.GetAsync(placed.Headers.Location)).StatusCode);
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task A_forged_affinity_cookie_leads_to_some_hub_like_none_does()
    {
        foreach (var cookie in (string[])["", "x", new string('a', 4_000), "%00%0d%0a", "CfDJ8Nforged", "0123456789abcdef", "\"'<script>"])
        {
            using var browser = system.Browser(system.Authority.Issue("mallory"));
            browser.DefaultRequestHeaders.TryAddWithoutValidation("Cookie", $".Notifications.Affinity={cookie}");
            using var answer = await browser.PostAsync(Negotiate, null);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task Another_users_session_is_not_there_for_who_knows_its_id_whatever_hub_he_asks()
    {
        var victim = RedisServers.Unique("victim");
        using var victimsBrowser = system.Browser();
        var token = system.Authority.Issue(victim);
        var session = await PolledSession.BeginAsync(victimsBrowser, token);
        var first = await session.PollAsync(token);
        while (!first.Body.Contains("subscribed", StringComparison.Ordinal))
        {
            first = await session.PollAsync(token);
        }

        var attackers = system.Authority.Issue("mallory");
        foreach (var server in (Uri[])[system.Gateway, .. system.Cluster.Hubs.Select(hub => new Uri($"http://{hub.EndPoint}"))])
        {
            using var browser = system.Browser(server: server);
            var id = server == system.Gateway ? session.Id : session.IdAtHub;
            foreach (var (method, body) in ((HttpMethod, string?)[])
                [(HttpMethod.Get, null), (HttpMethod.Post, "{\"type\":6}\u001e"), (HttpMethod.Delete, null)])
            {
                using var answer = await PolledSession.SendAsync(browser, method, $"?id={id}", attackers, body);
                Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            }

            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {attackers}");
            socket.Options.CollectHttpResponseDetails = true;
            var address = new UriBuilder(server) { Scheme = "ws", Path = HubPath, Query = $"id={id}" }.Uri;
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, default));
            Assert.Equal(HttpStatusCode.NotFound, socket.HttpStatusCode);
        }

        await system.Cluster.Publisher.PublishAsync(StreamName.User(victim), TestMessaging.Numbered(1));
        Assert.Contains("NUMBERED", (await session.PollAsync(token)).Body, StringComparison.Ordinal);
        await session.EndAsync(token);
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task A_session_that_nobody_has_or_that_is_at_another_hub_is_not_there()
    {
        using var browser = system.Browser(system.Authority.Issue("mallory"));
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"{HubPath}?id={Guid.NewGuid():N}")).StatusCode);

        var token = system.Authority.Issue("mallory");
        using var own = system.Browser();
        var session = await PolledSession.BeginAsync(own, token);
        List<HttpStatusCode> answers = [];
        foreach (var hub in system.Cluster.Hubs)
        {
            using var direct = system.Browser(server: new Uri($"http://{hub.EndPoint}"));
            using var answer = await PolledSession.SendAsync(direct, HttpMethod.Post, $"?id={session.IdAtHub}", token, "{\"type\":6}\u001e");
            answers.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound], answers.Order());
        await session.EndAsync(token);
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task The_client_that_does_no_harm_came_with_many_tokens_and_lost_nothing()
    {
        var before = system.Tokens;
        await Eventually.True(
            async () =>
            {
                await system.GoodClientIsServedAsync();
                return system.Tokens > before + 3;
            },
            "three expiries of its token",
            TimeSpan.FromMinutes(1));
    }

    private Task<HubClient> ConnectAsync(string user, string device) =>
        HubClient.ConnectAsync(system.Gateway, http => http.AccessTokenProvider = () => Task.FromResult<string?>(system.Authority.Issue(user)), device);

    /// <summary>At the gateway with the reason, and at each service that somebody reached around it.</summary>
    private async Task IsRefusedAsync(string? token, string answer)
    {
        using var browser = system.Browser(token);
        foreach (var (method, path) in ((HttpMethod, string)[])
        [
            (HttpMethod.Post, Negotiate), (HttpMethod.Get, HubPath), (HttpMethod.Get, "/api/notifications"), (HttpMethod.Get, "/api/orders"),
            (HttpMethod.Put, "/api/devices/laptop"), (HttpMethod.Delete, "/api/users/ann/connections"),
        ])
        {
            var problem = await RunningGateway.ProblemOf(await browser.SendAsync(new HttpRequestMessage(method, path)));
            Assert.True(
                problem.Status == HttpStatusCode.Unauthorized && problem.Detail!.StartsWith(answer, StringComparison.Ordinal), $"{method} {path}: {problem}");
        }

        if (token is not null)
        {
            using var inQuery = system.Browser();
            var problem = await RunningGateway.ProblemOf(await inQuery.PostAsync($"{Negotiate}&access_token={Uri.EscapeDataString(token)}", null));
            Assert.True(problem.Status == HttpStatusCode.Unauthorized && problem.Detail!.StartsWith(answer, StringComparison.Ordinal), $"in the query: {problem}");
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            var address = new UriBuilder(system.Gateway) { Scheme = "ws", Path = HubPath, Query = $"access_token={Uri.EscapeDataString(token)}" }.Uri;
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, default));
            Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        }

        foreach (var hub in system.Cluster.Hubs)
        {
            using var direct = system.Browser(token, new Uri($"http://{hub.EndPoint}"));
            Assert.Equal(HttpStatusCode.Unauthorized, (await direct.PostAsync(Negotiate, null)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await direct.GetAsync("/api/notifications")).StatusCode);
        }

        using var orders = system.Browser(token, system.Cluster.Orders[0].Address);
        Assert.Equal(HttpStatusCode.Unauthorized, (await orders.GetAsync("/api/orders")).StatusCode);
    }
}
