using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>NotificationHub is on no backplane.</summary>
public sealed class HubContextTests : IAsyncLifetime
{
    private readonly RedisServers _servers = new();

    [Fact]
    public async Task Clients_and_groups_of_NotificationHub_are_refused_with_the_remedy()
    {
        await using var hub = await HubHost.StartAsync((await _servers.GetAsync(RedisKind.Garnet)).ConnectionString);
        await using var client = await hub.ConnectAsync("ann");
        var context = hub.Service<IHubContext<NotificationHub>>();
        string[] names = ["ann", "ben"];
        IClientProxy[] ways =
        [
            context.Clients.All, context.Clients.AllExcept(names), context.Clients.Client("id"), context.Clients.Clients(names), context.Clients.User("ann"),
            context.Clients.Users(names), context.Clients.Group("red"), context.Clients.Groups(names), context.Clients.GroupExcept("red", names),
        ];
        Func<Task>[] calls =
        [
            .. ways.Select(way => (Func<Task>)(() => way.SendAsync("said"))),
            () => context.Clients.Client("id").InvokeAsync<string>("ask", CancellationToken.None),
            () => context.Groups.AddToGroupAsync("id", "red"),
            () => context.Groups.RemoveFromGroupAsync("id", "red"),
        ];

        foreach (var call in calls)
        {
            var refused = await Assert.ThrowsAsync<NotSupportedException>(call);
            Assert.Contains("with NotificationPublisher, or send from a hub class of your own", refused.Message, StringComparison.Ordinal);
        }
    }

    [FactWithRedisServer]
    public async Task A_connection_costs_Redis_neither_a_subscription_nor_a_connection()
    {
        var redis = await _servers.GetAsync(RedisKind.RedisServer);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var first = await hub.ConnectAsync("ann");
        var before = await CostsAsync();

        await using var second = await hub.ConnectAsync("ann", "laptop");
        await using var third = await hub.ConnectAsync("ann", "phone");

        Assert.Equal(3, hub.Connections);
        Assert.Equal(before, await CostsAsync());

        async Task<(string Channels, int Connections)> CostsAsync()
        {
            var database = redis.Connection.GetDatabase();
            var channels = (string[])(await database.ExecuteAsync("PUBSUB", "CHANNELS"))!;
            var connections = (string)(await database.ExecuteAsync("CLIENT", "LIST"))!;
            return (string.Join(' ', channels.Order(StringComparer.Ordinal)), connections.Count(character => character == '\n'));
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();
}
