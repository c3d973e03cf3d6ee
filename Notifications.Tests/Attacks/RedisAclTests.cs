using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using Notifications.Tests.Messaging;
using Notifications.Tests.Operators;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Attacks;

/// <summary>The users of docs/redis.md can do what their services do, and nothing beyond.</summary>
[Collection(OneSecuredSystem.Name)]
public sealed class RedisAclTests(SecuredSystem system)
{
    /// <summary>Of the connections that these tests open to be refused.</summary>
    private const string ClientName = "acl-test";

    /// <summary>What StackExchange.Redis asks for at each connect and goes on without.</summary>
    private static readonly string[] Dispensable = ["config|get", "cluster|slots", "__Booksleeve_TieBreak", "__Booksleeve_MasterChanged", "get", "subscribe"];

    [FactWithRedisServer]
    public async Task Each_service_does_its_work_as_its_user_and_Redis_refuses_it_nothing_that_it_needs()
    {
        var user = RedisServers.Unique("user");
        await using var client = await HubClient.ConnectAsync(
            system.Gateway, http => http.AccessTokenProvider = () => Task.FromResult<string?>(system.Authority.Issue(user)), "laptop");
        using var caller = system.Browser(system.Authority.Issue(user));
        using var publisher = system.Browser(system.Authority.Issue("service", ["publisher"]));
        using var operators = system.Browser(system.Authority.Issue("olga", ["operator"]));

        // The order service's outbox, the hub's own publish, its topics, its phones and escalations, its cursors, its revocations.
        using (var placed = await caller.PostAsJsonAsync("/api/orders", new { item = "Teapot", quantity = 1 }))
        {
            Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        }

        await Eventually.True(() => client.Received.Count == 1, "the order's notification");
        Assert.Equal(HttpStatusCode.NoContent, (await caller.PutAsJsonAsync("/api/devices/phone", new { platform = "fcm", token = "t-" + user })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await caller.PutAsJsonAsync("/api/devices/tablet", new { platform = "fcm", token = "t-" + user })).StatusCode);
        await client.InvokeAsync("Subscribe", "topic:" + user, null);
        foreach (var stream in (string[])["user:" + user, "topic:" + user, "user:away-" + user])
        {
            object push = new { title = "Now", grace = 0 };
            using var answer = await publisher.PostAsJsonAsync(
                "/api/notifications", stream.StartsWith("topic", StringComparison.Ordinal) ? (object)new { stream, type = "T", payload = 1 } : new { stream, type = "T", payload = 1, push });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await Eventually.True(() => client.Received.Count == 3, "what the hub published");
        foreach (var received in client.Received)
        {
            await client.InvokeAsync("Acknowledge", received.Stream, received.Epoch, received.Offset);
        }

        await Eventually.True(
            async () => (long?)await system.Cluster.RedisConnection.GetDatabase().HashGetAsync(Names.Default.Cursors(StreamName.User(user)), "laptop") == 2, "the cursor");
        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync("/api/notifications")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await caller.DeleteAsync("/api/devices/tablet")).StatusCode);
        Assert.Equal("""{"hubs":2}""", await (await operators.DeleteAsync($"/api/users/{user}/connections")).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await operators.PostAsync($"/api/users/{RedisServers.Unique("gone")}/revocation", null)).StatusCode);
        // An operator's look at the instances and at a user, whose hubs are asked, and the drain of an instance.
        var instances = (await (await operators.GetAsync("/api/operator/instances")).JsonAsync()).GetProperty("instances");
        Assert.Equal(2, instances.GetArrayLength());
        Assert.Equal(0, (await operators.FindAsync(user)).GetProperty("notAnswered").GetArrayLength());
        var drain = $"/api/operator/instances/{instances[0].GetProperty("id").GetString()}/drain";
        Assert.Equal(HttpStatusCode.OK, (await operators.PutAsync(drain, null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await operators.DeleteAsync(drain)).StatusCode);
        // The backplane, which a hub class other than NotificationHub is on.
        var pushed = new TaskCompletionSource();
        await using (var page = new HubConnectionBuilder()
            .WithUrl(new Uri(system.Gateway, "/hubs/operator"), http => http.AccessTokenProvider = () => Task.FromResult<string?>(system.Authority.Issue("olga", ["operator"])))
            .Build())
        {
            page.On<JsonElement>("instances", _ => pushed.TrySetResult());
            await page.StartAsync();
            await Eventually.True(() => pushed.Task.IsCompleted, "the instances to be pushed");
        }

        await Eventually.True(
            async () => await EscalationsAsync() == 0, "the escalations to be claimed and settled");
        await system.GoodClientIsServedAsync();

        foreach (var service in (string[])[DocumentedAcl.Gateway, DocumentedAcl.Hub, DocumentedAcl.Orders])
        {
            Assert.Empty((await RefusalsAsync(service)).Except(Dispensable));
        }
    }

    [FactWithRedisServer]
    public async Task A_publisher_of_another_service_publishes_and_can_do_nothing_else()
    {
        var user = RedisServers.Unique("user");
        var stream = StreamName.User(user);
        await using var redis = await ConnectAsync(DocumentedAcl.Publisher);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton<IConnectionMultiplexer>(redis)
            .AddNotificationPublisher()
            .BuildServiceProvider();
        var publisher = services.GetRequiredService<NotificationPublisher>();
        var notification = TestMessaging.Numbered(1) with { Push = new Push { Title = "Now" } };

        Assert.Equal(1, (await publisher.PublishAsync(stream, notification)).Offset);
        Assert.True((await publisher.PublishAsync(stream, notification)).Duplicate);
        Assert.Equal(1, (await publisher.PublishAsync(StreamName.Topic(user), TestMessaging.Numbered(1))).Offset);

        var database = redis.GetDatabase();
        await IsRefusedAsync(
            () => database.ListRangeAsync(Names.Default.Log(stream)),
            () => database.ListGetByIndexAsync(Names.Default.Log(stream), 0),
            () => database.KeyDumpAsync(Names.Default.Log(stream)),
            () => database.HashGetAllAsync(Names.Default.Cursors(stream)),
            () => database.ScriptEvaluateAsync("return redis.call('LRANGE', KEYS[1], 0, -1)", [Names.Default.Log(stream)]),
            () => database.PublishAsync(RedisChannel.Literal(Names.Default.Hubs), "{}"),
            () => redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Names.Default.Hubs)),
            () => database.PublishAsync(RedisChannel.Literal($"{Names.Default.BackplanePrefix}Shop.PriceHub:all"), "{}"),
            () => database.PublishAsync(RedisChannel.Literal($"{Names.Default.BackplanePrefix}Shop.PriceHub:user:{user}"), "{}"),
            () => database.SortedSetAddAsync(Names.Default.Revocations, user, 1),
            () => database.StringSetAsync(Names.Default.Instance("mine"), "{}"),
            () => database.ExecuteAsync("KEYS", "*"),
            () => database.ExecuteAsync("CONFIG", "GET", "requirepass"),
            () => database.ExecuteAsync("ACL", "LIST"));
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task The_gateways_user_reads_the_registry_and_can_do_nothing_else()
    {
        await using var redis = await ConnectAsync(DocumentedAcl.Gateway);
        var stream = StreamName.User(system.GoodUser);
        var database = redis.GetDatabase();

        Assert.Equal(2, (await new InstanceRegistry(redis, Names.Default).ListAsync()).Count);
        await IsRefusedAsync(
            () => database.PublishAsync(RedisChannel.Literal(Names.Default.Live(stream)), "x"),
            () => database.ListRangeAsync(Names.Default.Log(stream)),
            () => database.PublishAsync(RedisChannel.Literal(Names.Default.Hubs), "{}"),
            () => database.StringSetAsync(Names.Default.Instance("mine"), "{}"),
            () => database.SetAddAsync(Names.Default.Instances, "mine"),
            () => database.KeyDeleteAsync(Names.Default.Instances),
            () => database.ScriptEvaluateAsync("return 1"),
            () => redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Names.Default.Live(stream))),
            () => database.ExecuteAsync("FLUSHALL"));
        await system.GoodClientIsServedAsync();
    }

    [FactWithRedisServer]
    public async Task The_hubs_user_is_bound_to_the_systems_names_and_administers_nothing()
    {
        await using var redis = await ConnectAsync(DocumentedAcl.Hub);
        var database = redis.GetDatabase();
        await IsRefusedAsync(
            () => database.StringSetAsync("another-application", "x"),
            () => database.StringGetAsync("another-application"),
            () => database.PublishAsync(RedisChannel.Literal("another-application"), "x"),
            () => redis.GetSubscriber().SubscribeAsync(RedisChannel.Pattern("*")),
            () => database.ExecuteAsync("FLUSHALL"),
            () => database.ExecuteAsync("CONFIG", "SET", "dir", "/"),
            () => database.ExecuteAsync("ACL", "SETUSER", "mine"),
            () => database.ExecuteAsync("MONITOR"));
        await system.GoodClientIsServedAsync();
    }

    private static async Task IsRefusedAsync(params Func<Task>[] commands)
    {
        foreach (var command in commands)
        {
            var refused = await Assert.ThrowsAnyAsync<RedisException>(command);
            // In a script Redis says it in a sentence.
            Assert.Matches("NOPERM|The user executing the script can't run this command", $"{refused.Message} {refused.InnerException?.Message}");
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync(string user)
    {
        var options = ConfigurationOptions.Parse(system.Acl.ConnectionString(system.Cluster.Redis.ConnectionString, user));
        options.AllowAdmin = true;
        options.ClientName = ClientName;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    private async Task<long> EscalationsAsync()
    {
        var database = system.Cluster.RedisConnection.GetDatabase();
        var counts = await Task.WhenAll(RedisNames.AllPartitions.Select(partition => database.SortedSetLengthAsync(Names.Default.Escalations(partition))));
        return counts.Sum();
    }

    /// <summary>What Redis refused this user, by the command, key or channel.</summary>
    private async Task<IEnumerable<string>> RefusalsAsync(string user)
    {
        var entries = (RedisResult[])(await system.Cluster.RedisConnection.GetDatabase().ExecuteAsync("ACL", "LOG", "128"))!;
        return entries.Select(entry => entry.ToDictionary())
            .Where(entry => (string?)entry["username"] == user && !((string)entry["client-info"]!).Contains($"name={ClientName} ", StringComparison.Ordinal))
            .Select(entry => (string)entry["object"]!)
            .Distinct();
    }
}
