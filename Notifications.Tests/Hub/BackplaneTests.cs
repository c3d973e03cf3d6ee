using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Benchmarks.Clusters;
using Notifications.Benchmarks.Faults;
using Notifications.Hubs;
using Notifications.Hubs.Backplane;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>What an adopter sends by SignalR's own <c>Clients</c> and <c>Groups</c>, from one hub to the clients of another.</summary>
public sealed class BackplaneTests : IAsyncLifetime
{
    /// <summary>Long enough for StackExchange.Redis to reach a Redis that is back: its waits between attempts grow.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisProcesses _servers = new();
    private RedisProcess _redis = null!;
    private HubHost _hub = null!;
    private HubHost _other = null!;

    [TheoryWithRedisServer]
    [InlineData(SentClient.Json)]
    [InlineData(SentClient.MessagePack)]
    public async Task Each_way_to_send_reaches_exactly_those_it_names_on_either_hub(string protocol)
    {
        await using var here = await SentClient.ConnectAsync(_hub, protocol, "anna");
        await using var there = await SentClient.ConnectAsync(_other, protocol, "anna");
        await using var third = await SentClient.ConnectAsync(_other, protocol, "ben");
        var (clients, groups) = On(_hub);
        await groups.AddToGroupAsync(here.Id, "red");
        await groups.AddToGroupAsync(there.Id, "red");
        await groups.AddToGroupAsync(third.Id, "blue");

        await SayAsync(clients.All, "all");
        await SayAsync(clients.AllExcept(here.Id, third.Id), "all but two");
        await SayAsync(clients.Client(here.Id), "one here");
        await SayAsync(clients.Client(there.Id), "one there");
        await SayAsync(clients.Client("nobody"), "nobody");
        await SayAsync(clients.Clients(here.Id, third.Id, "nobody"), "some");
        await SayAsync(clients.Clients(Array.Empty<string>()), "none");
        await SayAsync(clients.User("anna"), "a user");
        await SayAsync(clients.Users("anna", "ben", "nobody"), "users");
        await SayAsync(clients.Group("red"), "a group");
        await SayAsync(clients.GroupExcept("red", here.Id), "a group but one");
        await SayAsync(clients.Groups("red", "blue", ""), "groups");
        await groups.RemoveFromGroupAsync(there.Id, "red");
        await SayAsync(clients.Group("red"), "the rest of a group");
        await SayAsync(clients.All, "end");

        await HasHeardAsync(here, "all", "one here", "some", "a user", "users", "a group", "groups", "the rest of a group", "end");
        await HasHeardAsync(there, "all", "all but two", "one there", "a user", "users", "a group", "a group but one", "groups", "end");
        await HasHeardAsync(third, "all", "some", "users", "groups", "end");
    }

    [TheoryWithRedisServer]
    [InlineData(SentClient.Json)]
    [InlineData(SentClient.MessagePack)]
    public async Task What_one_sends_arrives_in_its_order_whomever_it_names(string protocol)
    {
        const int count = 2_000;
        await using var here = await SentClient.ConnectAsync(_hub, protocol, "anna");
        await using var there = await SentClient.ConnectAsync(_other, protocol, "anna");
        var (clients, groups) = On(_hub);
        await Task.WhenAll(groups.AddToGroupAsync(here.Id, "red"), groups.AddToGroupAsync(there.Id, "red"));
        IClientProxy[] ways = [clients.All, clients.User("anna"), clients.Group("red"), clients.Clients(here.Id, there.Id)];

        await Task.WhenAll(Enumerable.Range(0, count).Select(number => ways[number % ways.Length].SendAsync("said", new Said("counted", number))));

        foreach (var client in (SentClient[])[here, there])
        {
            await Eventually.True(() => client.Heard.Count >= count, "everything that was sent");
            Assert.Equal(Enumerable.Range(0, count), client.Heard.Select(said => said.Number));
        }
    }

    [TheoryWithRedisServer]
    [InlineData(SentClient.Json)]
    [InlineData(SentClient.MessagePack)]
    public async Task A_client_of_either_hub_answers_what_it_is_asked(string protocol)
    {
        await using var here = await SentClient.ConnectAsync(_hub, protocol, "anna");
        await using var there = await SentClient.ConnectAsync(_other, protocol, "ben");
        foreach (var client in (SentClient[])[here, there])
        {
            var proxy = On(_hub).Clients.Client(client.Id);

            Assert.Equal(new Said("hehe", 42), await proxy.InvokeAsync<Said>("double", new Said("he", 21), CancellationToken.None));
            var error = await Assert.ThrowsAsync<HubException>(() => proxy.InvokeAsync<string>("refuse", "not today", CancellationToken.None));
            Assert.Contains("not today", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<HubException>(() => proxy.InvokeAsync<int>("double", new Said("he", 21), CancellationToken.None));
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => proxy.InvokeAsync<string>("never", soon.Token));
        }
    }

    [TheoryWithRedisServer]
    [InlineData(SentClient.Json)]
    [InlineData(SentClient.MessagePack)]
    public async Task A_client_may_answer_more_often_than_it_may_send_what_nobody_asked_for(string protocol)
    {
        await using var client = await SentClient.ConnectAsync(_other, protocol, "ben");
        var proxy = On(_hub).Clients.Client(client.Id);

        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(number => proxy.InvokeAsync<Said>("double", new Said("x", number), CancellationToken.None)));

        Assert.Equal(Enumerable.Range(0, 300).Select(number => new Said("xx", 2 * number)), answers);
        Assert.Equal(HubConnectionState.Connected, client.Connection.State);
    }

    [FactWithRedisServer]
    public async Task Who_asks_a_client_that_leaves_is_told_so()
    {
        var here = await SentClient.ConnectAsync(_hub, SentClient.Json, "anna");
        var there = await SentClient.ConnectAsync(_other, SentClient.Json, "ben");
        var clients = On(_hub).Clients;
        string[] ids = [here.Id, there.Id];
        Task[] asked = [.. ids.Select(id => clients.Client(id).InvokeAsync<string>("never", CancellationToken.None))];
        // Whatever comes after the question on the same way has been heard, so the question has.
        await SayAsync(clients.Clients(ids), "asked");
        await HasHeardAsync(here, "asked");
        await HasHeardAsync(there, "asked");

        await here.DisposeAsync();
        await there.DisposeAsync();

        foreach (var (question, id) in asked.Zip(ids))
        {
            var error = await Assert.ThrowsAsync<IOException>(() => question.WaitAsync(TimeSpan.FromSeconds(15)));
            Assert.Equal($"Connection {id} has ended before its client answered.", error.Message);
        }
    }

    [FactWithRedisServer]
    public async Task Who_names_a_connection_that_no_hub_has_is_told_at_once()
    {
        var (clients, groups) = On(_hub);
        var soon = HolderAnswers.Limit / 2;

        var invoked = await Assert.ThrowsAsync<IOException>(() => clients.Client("nobody").InvokeAsync<string>("double", CancellationToken.None).WaitAsync(soon));
        var added = await Assert.ThrowsAsync<IOException>(() => groups.AddToGroupAsync("nobody", "red").WaitAsync(soon));
        await groups.RemoveFromGroupAsync("nobody", "red").WaitAsync(soon);

        Assert.StartsWith("Connection nobody does not exist", invoked.Message, StringComparison.Ordinal);
        Assert.Equal(invoked.Message, added.Message);
    }

    [FactWithRedisServer]
    public async Task Neither_a_connection_nor_its_user_nor_its_group_costs_a_subscription()
    {
        await using var first = await SentClient.ConnectAsync(_hub, SentClient.Json, "anna");
        var before = await _redis.SendAsync("PUBSUB", "CHANNELS");
        await using var second = await SentClient.ConnectAsync(_hub, SentClient.Json, "anna");
        await using var third = await SentClient.ConnectAsync(_hub, SentClient.Json, "anna");
        await On(_hub).Groups.AddToGroupAsync(second.Id, "red");

        Assert.Contains(RedisNames.BackplaneOf(_hub.Id), Lines(before));
        Assert.Equal(Lines(before), Lines(await _redis.SendAsync("PUBSUB", "CHANNELS")));

        static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal);
    }

    [FactWithRedisServer]
    public async Task While_Redis_is_away_own_clients_are_reached_and_the_caller_is_told_of_the_others()
    {
        await using var here = await SentClient.ConnectAsync(_hub, SentClient.Json, "anna");
        await using var there = await SentClient.ConnectAsync(_other, SentClient.Json, "ben");
        var (clients, groups) = On(_hub);
        await _redis.KillAsync();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => SayAsync(clients.All, "away"));
        Assert.True(error is RedisException or RedisTimeoutException, error.ToString());
        await SayAsync(clients.Client(here.Id), "one here");
        await SayAsync(clients.Clients(here.Id), "some, all of them here");
        await groups.AddToGroupAsync(here.Id, "red");
        Assert.Equal(new Said("hehe", 42), await clients.Client(here.Id).InvokeAsync<Said>("double", new Said("he", 21), CancellationToken.None));
        await HasHeardAsync(here, "away", "one here", "some, all of them here");

        await _redis.StartAsync(CancellationToken.None);
        await Eventually.True(async () => await _hub.IsReadyAsync() && await _other.IsReadyAsync(), "both hubs to be ready again", Recovery);
        // A connection that was away for less than a probe takes makes nobody unready, and what was sent meanwhile is lost.
        await Eventually.True(async () => (await _redis.SendAsync("PUBSUB", "NUMSUB", RedisNames.Backplane)).TrimEnd().EndsWith('2'), "both to listen again", Recovery);
        await SayAsync(clients.All, "back");
        await HasHeardAsync(here, "away", "one here", "some, all of them here", "back");
        await HasHeardAsync(there, "back");
    }

    [FactWithRedisServer]
    public async Task A_client_that_does_not_keep_up_is_closed_and_another_gets_everything()
    {
        const int count = LocalConnection.MaxUnwritten * 3;
        await using var reader = await SentClient.ConnectAsync(_other, SentClient.MessagePack, "reader");
        using var stalled = await StalledClient.ConnectAsync(_other.Address, TestTokens.Create("stalled"), StreamName.Topic("any"));
        await Eventually.True(() => _other.Connections == 2, "both connections to be open");
        var clients = On(_hub).Clients;
        var text = new string('x', 1_000);

        for (var sent = 0; sent < count; sent += 100)
        {
            await Task.WhenAll(Enumerable.Range(sent, 100).Select(number => clients.All.SendAsync("said", new Said(text, number))));
        }

        await Eventually.True(() => reader.Heard.Count >= count, "the reader to have everything");
        Assert.Equal(Enumerable.Range(0, count), reader.Heard.Select(said => said.Number));
        await Eventually.True(() => _other.Connections == 1, "the client that does not read to be closed");
        Assert.Contains(_other.Logs, log => log.Contains($"more than {LocalConnection.MaxUnwritten} messages wait for its client to read", StringComparison.Ordinal));
    }

    [FactWithRedisServer]
    public async Task A_hub_class_of_an_adopters_own_goes_the_same_way_and_another_process_need_not_have_it()
    {
        var own = Assert.IsType<BackplaneLifetimeManager<OwnHub>>(_hub.Service<HubLifetimeManager<OwnHub>>());

        await own.SendAllAsync("said", ["all"]);
        await Assert.ThrowsAsync<IOException>(() => own.AddToGroupAsync("nobody", "red").WaitAsync(HolderAnswers.Limit / 2));
    }

    [FactWithRedisServer]
    public async Task What_one_of_the_protocols_can_not_write_is_sent_to_nobody()
    {
        await using var client = await SentClient.ConnectAsync(_hub, SentClient.MessagePack, "anna");
        var clients = On(_hub).Clients;

        // No JSON can hold it.
        await Assert.ThrowsAnyAsync<Exception>(() => clients.All.SendAsync("said", double.NaN));

        await SayAsync(clients.All, "all");
        await HasHeardAsync(client, "all");
    }

    [FactWithRedisServer]
    public async Task A_message_that_a_hub_can_not_read_is_left_out_and_the_next_is_taken()
    {
        await using var client = await SentClient.ConnectAsync(_other, SentClient.Json, "anna");
        await using var redis = await RedisProcesses.ConnectAsync(_redis);

        foreach (var message in (string[])["", "no JSON", "{}", """{"from":"x","hub":"Notifications.Hubs.NotificationHub","body":{"kind":"of a later version"}}"""])
        {
            await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(RedisNames.Backplane), message);
        }

        await SayAsync(On(_hub).Clients.All, "all");
        await HasHeardAsync(client, "all");
    }

    public async Task InitializeAsync()
    {
        if (RedisServerProcess.IsInstalled)
        {
            _redis = await _servers.StartAsync();
            _hub = await HubHost.StartAsync(_redis.ConnectionString);
            _other = await HubHost.StartAsync(_redis.ConnectionString);
        }
    }

    public async Task DisposeAsync()
    {
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
            await _other.DisposeAsync();
        }

        await _servers.DisposeAsync();
    }

    private static (IHubClients Clients, IGroupManager Groups) On(HubHost hub)
    {
        var context = hub.Service<IHubContext<NotificationHub>>();
        return (context.Clients, context.Groups);
    }

    private static Task SayAsync(IClientProxy to, string text) => to.SendAsync("said", new Said(text, 0));

    private static async Task HasHeardAsync(SentClient client, params string[] texts)
    {
        await Eventually.True(() => client.Heard.Count > 0 && client.Heard[^1].Text == texts[^1], $"the client to hear \"{texts[^1]}\"");
        Assert.Equal(texts, client.Heard.Select(said => said.Text));
    }

    internal sealed class OwnHub : Microsoft.AspNetCore.SignalR.Hub;
}
