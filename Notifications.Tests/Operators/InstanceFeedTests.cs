using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Tests.Gateway;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Operators;

/// <summary>What operators are told of the hub instances without asking.</summary>
public sealed class InstanceFeedTests : IAsyncLifetime
{
    private const string Path = "/hubs/operator";
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisServers _servers = new();

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_operator_is_told_again_and_again_what_the_API_answers(RedisKind kind)
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(kind));
        using var operators = system.Operator();
        await using var feed = await Feed.ConnectAsync(system.Gateway.Address);
        await using var another = await Feed.ConnectAsync(system.Gateway.Address);
        await using var client = await system.First.ConnectAsync("ann");

        await Eventually.True(
            async () => feed.Lists.LastOrDefault() is { } last && Comparable(last) == Comparable(JsonNode.Parse(await operators.GetStringAsync("/api/operator/instances"))!),
            "what is pushed to be what the API answers");
        await Eventually.True(() => feed.Lists.Count > 2 && another.Lists.Count > 2, "both operators to be told more than twice");

        using var drained = await operators.PutAsync($"/api/operator/instances/{system.First.Id}/drain", null);
        await Eventually.True(() => StateOf(feed.Lists[^1], system.First.Id) == "drained", "the drain to be told");
        Assert.Equal("serving", StateOf(feed.Lists[^1], system.Second.Id));
    }

    [Fact]
    public async Task Nobody_else_is_told()
    {
        await using var system = await OperatedSystem.StartAsync(await _servers.GetAsync(RedisKind.Garnet));
        using var paula = system.Gateway.Browser(TestTokens.Create("paula", [TokenNames.PublisherRole]));
        using var nobody = system.Gateway.Browser();

        Assert.Equal(
            (HttpStatusCode.Forbidden, $"The token's roles (claim \"roles\") do not allow POST {Path}/negotiate. It takes: operator."),
            await RunningGateway.ProblemOf(await paula.PostAsync(Path + "/negotiate?negotiateVersion=1", null)));
        Assert.Equal(HttpStatusCode.Forbidden, (await paula.GetAsync(Path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsync(Path + "/negotiate?negotiateVersion=1", null)).StatusCode);
    }

    [FactWithRedisServer]
    public async Task While_Redis_is_away_operators_are_told_so_and_stay_connected()
    {
        await using var processes = new RedisProcesses();
        var redis = await processes.StartAsync();
        await using var hub = await OperatedSystem.StartHubAsync(redis.ConnectionString);
        await using var feed = await Feed.ConnectAsync(hub.Address);
        await Eventually.True(() => feed.Lists.Count > 0, "the first list");

        await redis.KillAsync();
        await Eventually.True(() => feed.Troubles.Count > 1, "the operator to be told more than once");
        Assert.All(feed.Troubles, trouble => Assert.Contains(trouble, (string[])["Redis does not answer.", "No primary of Redis answers."]));

        var before = feed.Lists.Count;
        await redis.StartAsync(CancellationToken.None);
        await Eventually.True(() => feed.Lists.Count > before, "lists to come again", Recovery);
        Assert.Equal(HubConnectionState.Connected, feed.State);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();

    private static string? StateOf(JsonNode list, string instance) =>
        (string?)list["instances"]!.AsArray().Single(each => (string?)each!["id"] == instance)!["status"]!["state"];

    /// <summary>Without what differs from one heartbeat to the next.</summary>
    private static string Comparable(JsonNode list)
    {
        var copy = list.DeepClone();
        foreach (var instance in copy["instances"]!.AsArray())
        {
            instance!["status"]!.AsObject().Remove("redisMs");
        }

        return copy.ToJsonString();
    }

    private sealed class Feed : IAsyncDisposable
    {
        private readonly HubConnection _connection;
        private readonly ConcurrentQueue<JsonNode> _lists = new();
        private readonly ConcurrentQueue<string> _troubles = new();

        private Feed(HubConnection connection)
        {
            _connection = connection;
            connection.On<JsonNode>("instances", _lists.Enqueue);
            connection.On<string>("unavailable", _troubles.Enqueue);
        }

        public IReadOnlyList<JsonNode> Lists => [.. _lists];

        public IReadOnlyList<string> Troubles => [.. _troubles];

        public HubConnectionState State => _connection.State;

        public static async Task<Feed> ConnectAsync(Uri server)
        {
            var feed = new Feed(new HubConnectionBuilder()
                .WithUrl(new Uri(server, Path), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create("olga", [TokenNames.OperatorRole])))
                .WithAutomaticReconnect([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(100), 100)])
                .Build());
            await feed._connection.StartAsync();
            return feed;
        }

        public ValueTask DisposeAsync() => _connection.DisposeAsync();
    }
}
