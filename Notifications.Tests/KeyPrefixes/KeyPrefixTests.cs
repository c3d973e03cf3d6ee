using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;
using Notifications.Tests.Attacks;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Operators;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.KeyPrefixes;

/// <summary>Two environments on one Redis, one of them with a key prefix, do not touch each other.</summary>
public sealed class KeyPrefixTests : IAsyncLifetime
{
    private const string Prefix = "staging:";
    private const string Rule =
        "and has to have at most 64 characters out of a-z A-Z 0-9 . _ - : /. Set one such as \"staging:\", the same for all services of an environment, or remove it.";

    /// <summary>Of StackExchange.Redis, on each of its connections.</summary>
    private const string ClientsOwnChannel = "__Booksleeve_MasterChanged";

    private readonly RedisServers _servers = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly string _user = RedisServers.Unique("user");
    private readonly string _topic = RedisServers.Unique("news");

    public static TheoryData<string> Wrong =>
    [
        "a{b}", "{", "}", "a b", " ", "a\tb", "a\n", "*", "a?", "[a]", "a\\", "a\"", "a'", "a,b", "a;b", "a@b", "a+b", "a~", "a|b", "a$", "é", "\ud800", new string('a', 65),
    ];

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_same_user_and_topic_have_notifications_of_their_own_in_each_live_and_on_resume(RedisKind kind)
    {
        var (plain, staging) = await StartAsync(kind);
        string topic = $"topic:{_topic}";
        await using (var here = await plain.ConnectAsync(_user, "laptop"))
        await using (var there = await staging.ConnectAsync(_user, "laptop"))
        {
            await here.InvokeAsync("Subscribe", topic);
            await there.InvokeAsync("Subscribe", topic);

            // The same ids: neither is a duplicate of the other.
            await PublishAsync(plain, "plain", 1, 2);
            await PublishAsync(staging, "staging", 1, 2);
            await PublishAsync(staging, "staging", 3);

            await HasReceivedAsync(here, "plain 1", "plain 1", "plain 2", "plain 2");
            await HasReceivedAsync(there, "staging 1", "staging 1", "staging 2", "staging 2", "staging 3", "staging 3");
            await here.InvokeAsync("Acknowledge", Own.Value, here.Subscribed[0].Epoch, 1);
            await there.InvokeAsync("Acknowledge", Own.Value, there.Subscribed[0].Epoch, 2);
        }

        await PublishAsync(plain, "plain", 4);
        await PublishAsync(staging, "staging", 4);
        await Eventually.True(async () => await CursorAsync(plain, "") == 1 && await CursorAsync(staging, Prefix) == 2, "both acknowledgements to be written");
        await using var hereAgain = await plain.ConnectAsync(_user, "laptop");
        await using var thereAgain = await staging.ConnectAsync(_user, "laptop");
        await HasReceivedAsync(hereAgain, "plain 2", "plain 4");
        await HasReceivedAsync(thereAgain, "staging 3", "staging 4");
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_has_instances_of_its_own_and_an_operator_of_one_ends_and_revokes_nothing_in_the_other(RedisKind kind)
    {
        var (plain, staging) = await StartAsync(kind);
        await using var here = await plain.ConnectAsync(_user, "laptop");
        await using var there = await staging.ConnectAsync(_user, "laptop");
        using var operators = staging.Operator();
        var token = TestTokens.Create(_user);

        Assert.Equal([plain.Hub.Id], plain.Gateway.Hubs.Select(hub => hub.Id));
        Assert.Equal([staging.Hub.Id], staging.Gateway.Hubs.Select(hub => hub.Id));
        var found = await operators.FindAsync(_user);
        Assert.Equal(
            [staging.Hub.Id], found.GetProperty("instances").EnumerateArray().Select(each => each.GetProperty("instance").GetString()));
        using (var unknown = await operators.PutAsync($"/api/operator/instances/{plain.Hub.Id}/drain", null))
        {
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        }

        using (var ended = await operators.DeleteAsync($"/api/users/{_user}/connections"))
        {
            Assert.Equal("""{"hubs":1}""", await ended.Content.ReadAsStringAsync());
        }

        await Eventually.True(() => there.Subscribed.Count == 2, "the client to come back");
        using (var revoked = await operators.PostAsync($"/api/users/{_user}/revocation", null))
        {
            Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        }

        await Eventually.True(async () => await StatusAsync(staging.Gateway, token) == HttpStatusCode.Unauthorized, "the token to be refused");
        // A hub reads all revocations at its start.
        await using var later = await HubHost.StartAsync((await _servers.GetAsync(kind)).ConnectionString);
        using var http = later.As(_user);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/notifications")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(plain.Gateway, token));
        await plain.Messaging.PublishAsync(Own, 1);
        await Eventually.True(() => here.Received.Count == 1, "the other environment's client to be served");
        Assert.Single(here.Subscribed);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task What_a_hub_class_of_an_adopters_own_sends_does_not_cross(RedisKind kind)
    {
        var (plain, staging) = await StartAsync(kind);
        await using var here = await OwnHubClient.ConnectAsync(plain.Gateway.Address, _user);
        await using var there = await OwnHubClient.ConnectAsync(staging.Gateway.Address, _user);
        foreach (var (system, client) in new[] { (plain, here), (staging, there) })
        {
            await client.Connection.InvokeAsync("Join", "red");
            await SayAsync(system, client == here ? "plain" : "staging");
        }

        // Both in the reverse order, so that each has had time to hear the other.
        await SayAsync(staging, "staging again");
        await SayAsync(plain, "plain again");

        await HasHeardAsync(here, "plain", "plain again");
        await HasHeardAsync(there, "staging", "staging again");

        async Task SayAsync(PrefixedSystem system, string text)
        {
            var context = system.Hub.Service<IHubContext<OwnHub>>();
            foreach (var to in new[] { context.Clients.All, context.Clients.User(_user), context.Clients.Group("red") })
            {
                await to.SendAsync("said", new Said(text, 0));
            }
        }

        static async Task HasHeardAsync(OwnHubClient client, params string[] texts)
        {
            // By all, as a user, and as one of a group.
            await Eventually.True(() => client.Heard.Count >= 3 * texts.Length, $"the client to hear {string.Join(", ", texts)}");
            Assert.Equal(texts.SelectMany(text => Enumerable.Repeat(text, 3)).Order(StringComparer.Ordinal), client.Heard.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Every_key_and_every_channel_of_an_environment_begins_with_its_prefix(RedisKind kind)
    {
        var redis = await _servers.GetAsync(kind);
        var staging = await StartAsync(redis, Prefix);
        await using var client = await staging.ConnectAsync(_user, "laptop");
        await using var own = await OwnHubClient.ConnectAsync(staging.Gateway.Address, _user);
        await own.Connection.InvokeAsync("Join", "red");
        var away = StreamName.User(RedisServers.Unique("away"));
        foreach (var user in (string[])[_user, away.Id])
        {
            using var browser = staging.Gateway.Browser(TestTokens.Create(user));
            Assert.Equal(HttpStatusCode.NoContent, (await browser.PutAsJsonAsync("/api/devices/phone", new { platform = "fcm", token = $"token-{user}" })).StatusCode);
            await staging.Messaging.Publisher.PublishAsync(StreamName.User(user), Urgent("1"));
        }

        await client.InvokeAsync("Subscribe", $"topic:{_topic}");
        var topic = await staging.Messaging.Publisher.PublishAsync(StreamName.Topic(_topic), TestMessaging.Numbered(1));
        await client.InvokeAsync("Acknowledge", $"topic:{_topic}", topic.Epoch, topic.Offset);
        using (var operators = staging.Operator())
        using (var revoked = await operators.PostAsync($"/api/users/{RedisServers.Unique("gone")}/revocation", null))
        {
            Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        }

        var names = Names.With(Prefix);
        RedisKey[] expected =
        [
            names.Meta(Own), names.Log(Own), names.Cursors(Own), names.Seen(Own), names.Id(Own, "1"), names.Phones(Own), names.PhoneToken("fcm", $"token-{_user}"),
            names.Escalations(RedisNames.Partition(Own)), names.Shown(away, "phone"), names.TopicCursor(StreamName.Topic(_topic), _user, "laptop"),
            names.Instances, names.Instance(staging.Hub.Id), names.Revocations,
        ];
        var server = redis.Connection.GetServers().Single();
        HashSet<string> keys = [];
        await Eventually.True(
            async () =>
            {
                keys = [.. await server.KeysAsync().Select(key => key.ToString()).ToArrayAsync()];
                return expected.All(key => keys.Contains(key.ToString()));
            },
            "a key of each kind");
        var channels = (await server.SubscriptionChannelsAsync()).Select(channel => channel.ToString()).ToHashSet();

        Assert.All(keys, key => Assert.StartsWith($"{Prefix}n:{{", key, StringComparison.Ordinal));
        Assert.Superset(
            new HashSet<string>
            {
                names.Live(Own), names.Live(StreamName.Topic(_topic)), names.Probe(0, staging.Hub.Id), names.Hubs, names.Hub(staging.Hub.Id),
                $"{names.BackplanePrefix}{typeof(OwnHub).FullName}:all", $"{names.BackplanePrefix}{typeof(OwnHub).FullName}:user:{_user}",
                $"{names.BackplanePrefix}{typeof(OwnHub).FullName}:group:red",
            },
            channels);
        Assert.All(channels.Where(channel => channel != ClientsOwnChannel), channel => Assert.StartsWith($"{Prefix}n:{{", channel, StringComparison.Ordinal));
    }

    [FactWithRedisServer]
    public async Task The_documented_Redis_users_with_the_prefix_in_their_patterns_do_their_work_and_reach_no_other_environment()
    {
        using var acl = new DocumentedAcl(Prefix);
        await using var processes = new RedisProcesses();
        var redis = await processes.StartAsync("--aclfile", acl.File);
        await using var hub = await HubHost.StartInstanceAsync(
            acl.ConnectionString(redis.ConnectionString, DocumentedAcl.Hub), (PrefixedSystem.Setting, Prefix), ("Instance:RefreshInterval", "00:00:00.100"));
        await using var ofPublisher = await ConnectionMultiplexer.ConnectAsync(acl.ConnectionString(redis.ConnectionString, DocumentedAcl.Publisher));
        await using var ofGateway = await ConnectionMultiplexer.ConnectAsync(acl.ConnectionString(redis.ConnectionString, DocumentedAcl.Gateway));
        await using var messaging = TestMessaging.On(ofPublisher, options => options.KeyPrefix = Prefix);
        await using var client = await hub.ConnectAsync(_user, "laptop");

        await messaging.Publisher.PublishAsync(Own, Urgent("1"));

        await Eventually.True(() => client.Received.Count == 1, "the notification");
        Assert.Equal([hub.Id], (await new InstanceRegistry(ofGateway, Names.With(Prefix)).ListAsync()).Select(instance => instance.Id));
        await using var other = TestMessaging.On(ofPublisher);
        foreach (var refused in (Func<Task>[])
        [
            () => other.PublishAsync(Own, 1),
            () => ofPublisher.GetDatabase().PublishAsync(RedisChannel.Literal(Names.Default.Live(Own)), "x"),
            () => new InstanceRegistry(ofGateway, Names.Default).ListAsync(),
        ])
        {
            Assert.Matches("NOPERM|can't run this command|No permissions", (await Assert.ThrowsAnyAsync<RedisException>(refused)).ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_prefix_that_means_something_to_Redis_or_is_too_long_is_refused_once(string prefix) =>
        Assert.Contains(
            $"{PrefixedSystem.Setting} is \"{prefix}\" {Rule}", Assert.Single(Assert.Throws<OptionsValidationException>(() => Validate(prefix)).Failures), StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("staging:")]
    [InlineData("Shop/eu-west_1.staging:")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void Any_other_is_taken(string? prefix) => Validate(prefix);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var each in _started)
        {
            await each.DisposeAsync();
        }

        await _servers.DisposeAsync();
    }

    private static Notification Urgent(string id) => TestMessaging.Numbered(1) with { Id = id, Push = new Push { Title = "Now" } };

    /// <summary>By all that needs names, as a hub registers it.</summary>
    private static void Validate(string? prefix)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new(PrefixedSystem.Setting, prefix)]).Build())
            .AddNotificationPublisher()
            .AddEscalations()
            .AddRevocations()
            .AddUserInspector()
            .AddInstanceRegistry()
            .BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningGateway gateway, string token)
    {
        using var browser = gateway.Browser(token);
        using var answer = await browser.GetAsync("/api/notifications");
        return answer.StatusCode;
    }

    /// <summary>Exactly that, in any order between streams.</summary>
    private static async Task HasReceivedAsync(HubClient client, params string[] texts)
    {
        await Eventually.True(() => client.Received.Count >= texts.Length, $"the client to receive {string.Join(", ", texts)}");
        Assert.Equal(texts, client.Received.Select(received => received.Payload.GetString()!).Order(StringComparer.Ordinal));
    }

    private async Task<(PrefixedSystem Plain, PrefixedSystem Staging)> StartAsync(RedisKind kind)
    {
        var redis = await _servers.GetAsync(kind);
        return (await StartAsync(redis, ""), await StartAsync(redis, Prefix));
    }

    private async Task<PrefixedSystem> StartAsync(RedisServer redis, string prefix)
    {
        var system = await PrefixedSystem.StartAsync(redis, prefix);
        _started.Add(system);
        return system;
    }

    private async Task<long?> CursorAsync(PrefixedSystem system, string prefix) =>
        (long?)await system.Messaging.Database.HashGetAsync(Names.With(prefix).Cursors(Own), "laptop");

    /// <summary>Into the user's stream and the topic.</summary>
    private async Task PublishAsync(PrefixedSystem system, string name, params int[] numbers)
    {
        foreach (var number in numbers)
        {
            foreach (var stream in (StreamName[])[Own, StreamName.Topic(_topic)])
            {
                var result = await system.Messaging.Publisher.PublishAsync(stream, Notification.Create("TEXT", $"{name} {number}") with { Id = $"{number}" });
                Assert.False(result.Duplicate);
            }
        }
    }
}
