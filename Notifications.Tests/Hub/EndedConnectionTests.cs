using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Notifications.Messaging;
using Notifications.Tests.Orders;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>Whatever a connection registers at the hub goes with it, also where SignalR never says that it ended.</summary>
public sealed class EndedConnectionTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _user = RedisServers.Unique("user");

    [Theory]
    [InlineData(HttpTransportType.WebSockets, 200)]
    [InlineData(HttpTransportType.ServerSentEvents, 20)]
    [InlineData(HttpTransportType.LongPolling, 20)]
    public async Task A_connection_whose_stream_can_not_be_read_leaves_nothing_behind(HttpTransportType transport, int count)
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await redis.Connection.GetDatabase().StringSetAsync(Names.Default.Meta(StreamName.User(_user)), "not a hash");
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);

        await ConnectInVainAsync(hub, transport, count);

        await AssertNothingIsLeftAsync(hub);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_an_adopters_filter_refuses_leaves_nothing_behind(bool isAroundOthers)
    {
        var filter = new RefusingFilter(_user, isAroundOthers);
        await using var hub = await HubHost.StartAsync(
            (await servers.GetAsync(RedisKind.Garnet)).ConnectionString, builder => Add(builder, filter, isAroundOthers));

        await ConnectInVainAsync(hub, HttpTransportType.WebSockets, 20);

        await AssertNothingIsLeftAsync(hub);
    }

    [Fact]
    public async Task A_connection_that_its_client_gives_up_while_it_begins_leaves_nothing_behind()
    {
        var filter = new WaitingFilter(_user);
        await using var hub = await HubHost.StartAsync(
            (await servers.GetAsync(RedisKind.Garnet)).ConnectionString, builder => Add(builder, filter, isAroundOthers: false));
        var connections = Enumerable.Range(0, 20).Select(_ => NewConnection(hub, HttpTransportType.WebSockets)).ToArray();
        await Task.WhenAll(connections.Select(connection => connection.StartAsync()));
        await Eventually.True(() => filter.Waiting == connections.Length, "all to have begun");

        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        filter.GoOn();
        await AssertNothingIsLeftAsync(hub);
    }

    private async Task ConnectInVainAsync(HubHost hub, HttpTransportType transport, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var connection = NewConnection(hub, transport);
            var closed = new TaskCompletionSource();
            connection.Closed += _ =>
            {
                closed.TrySetResult();
                return Task.CompletedTask;
            };
            await connection.StartAsync();
            await closed.Task.WaitAsync(TimeSpan.FromSeconds(15));
        }
    }

    /// <summary>The hub says so: by its gauges, and by ending no connection of the user when an operator wants all of them ended.</summary>
    private async Task AssertNothingIsLeftAsync(HubHost hub)
    {
        using var metrics = new RecordedMetrics(hub.Service<IMeterFactory>());
        await Eventually.True(() => metrics["notifications.connections"] == 0 && metrics["notifications.streams"] == 0, "no connection and no stream to be left");
        var other = RedisServers.Unique("other");
        await using var client = await hub.ConnectAsync(other);
        using var operators = hub.As("olga", TokenNames.OperatorRole);

        // A hub handles one after the other.
        foreach (var user in (string[])[_user, other])
        {
            using var answer = await operators.DeleteAsync($"/api/users/{user}/connections");
            Assert.Equal("""{"hubs":1}""", await answer.Content.ReadAsStringAsync());
        }

        await Eventually.True(() => client.Subscribed.Count == 2, "the other user's client to be ended and to come back");
        Assert.Equal(1, metrics["notifications.connections.ended{reason=operator}"]);
    }

    private HubConnection NewConnection(HubHost hub, HttpTransportType transport) => new HubConnectionBuilder()
        .WithUrl(new Uri(hub.Address, "/hubs/notifications?device=laptop"), options =>
        {
            options.Transports = transport;
            options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(_user));
        })
        .Build();

    /// <summary>Around others it is called before them and returns after them.</summary>
    private static void Add(WebApplicationBuilder builder, IHubFilter filter, bool isAroundOthers)
    {
        var options = ServiceDescriptor.Singleton<IConfigureOptions<HubOptions>>(new ConfigureOptions<HubOptions>(hub => hub.AddFilter(filter)));
        builder.Services.Insert(isAroundOthers ? 0 : builder.Services.Count, options);
    }

    private sealed class RefusingFilter(string user, bool isAfterOthers) : IHubFilter
    {
        public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
        {
            var isRefused = context.Context.UserIdentifier == user;
            if (isAfterOthers || !isRefused)
            {
                await next(context);
            }

            if (isRefused)
            {
                throw new HubException("Not this user.");
            }
        }
    }

    private sealed class WaitingFilter(string user) : IHubFilter
    {
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public void GoOn() => _goOn.SetResult();

        public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
        {
            if (context.Context.UserIdentifier == user)
            {
                Interlocked.Increment(ref _waiting);
                await _goOn.Task;
            }

            await next(context);
        }
    }
}
