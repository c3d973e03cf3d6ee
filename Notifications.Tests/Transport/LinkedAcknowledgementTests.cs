using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Hubs;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Transport;

/// <summary>Acknowledgements over a link between a gateway and a hub.</summary>
public sealed class LinkedAcknowledgementTests : IAsyncLifetime
{
    private const char RecordEnd = '\u001e';
    private static readonly StreamName Own = StreamName.User("ann");

    private readonly CountingFilter _calls = new();
    private RunningGateway _gateway = null!;
    private HubHost _hub = null!;
    private TestMessaging _messaging = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync();
        _messaging = TestMessaging.On(_gateway.Redis.Connection);
    }

    public async Task DisposeAsync()
    {
        await _messaging.DisposeAsync();
        await _gateway.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Those_without_an_answer_move_the_cursor_and_hub_filters_see_them_all()
    {
        await StartHubAsync();
        using var client = await ConnectAsync();
        var epoch = await PublishAsync(count: 3);

        await SayAsync(client, Acknowledge(Own, epoch, 1), Acknowledge(Own, epoch, 3), Acknowledge(Own, epoch, 2));

        await Eventually.True(async () => await CursorAsync() == 3, "the highest of them to be written");
        await Eventually.True(() => _calls.Acknowledgements == 3, "the filter to be told of all");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task They_work_in_both_protocols(bool isMessagePack)
    {
        await StartHubAsync();
        var builder = new HubConnectionBuilder().WithUrl(
            new Uri(_gateway.Address, $"{RunningGateway.HubPath}?device=laptop"),
            options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create("ann")));
        await using var client = (isMessagePack ? builder.AddMessagePackProtocol() : builder).Build();
        await client.StartAsync();
        Assert.Equal(1, _gateway.LinkedSessions);
        var epoch = await PublishAsync(count: 2);

        await client.SendAsync("Acknowledge", Own.Value, epoch, 1L);
        await client.InvokeAsync("Acknowledge", Own.Value, epoch, 2L);

        await Eventually.True(async () => await CursorAsync() == 2, "the acknowledgements to be written");
    }

    [Theory]
    [InlineData("""["user:ann","e1"]""")]
    [InlineData("""["user:ann","e1",1,1]""")]
    [InlineData("""["user:ann","e1",4.5]""")]
    [InlineData("""["user:ann","e1","1"]""")]
    [InlineData("""["user:ann","e1",-1]""")]
    [InlineData("""["user:ann","",1]""")]
    [InlineData("""["user:ann",null,1]""")]
    [InlineData("""["nobody:ann","e1",1]""")]
    [InlineData("""["user:bob","e1",1]""")]
    public async Task One_that_makes_no_sense_gets_an_error(string arguments)
    {
        await StartHubAsync();
        using var client = await ConnectAsync();

        await SayAsync(client, $$"""{"type":1,"invocationId":"7","target":"Acknowledge","arguments":{{arguments}}}""");

        Assert.Contains("\"error\":", await HearAsync(client, "\"invocationId\":\"7\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Those_over_the_limit_are_refused_and_go_on_until_the_connection_is_closed()
    {
        await StartHubAsync(
            ("Limits:Acknowledgements:PerSecond", "1"), ("Limits:Acknowledgements:Burst", "1"), ("Limits:Invocations:PerSecond", "1"), ("Limits:Invocations:Burst", "1"));
        using var client = await ConnectAsync();
        var epoch = await PublishAsync(count: 1);

        await SayAsync(client, [.. Enumerable.Repeat(Acknowledge(Own, epoch, 1), 20)]);

        await Eventually.True(() => _hub.Connections == 0, "the connection to be closed");
    }

    private static string Acknowledge(StreamName stream, string epoch, long offset) =>
        $$"""{"type":1,"target":"Acknowledge","arguments":["{{stream}}","{{epoch}}",{{offset}}]}""";

    private async Task StartHubAsync(params (string Key, string Value)[] settings)
    {
        _hub = await HubHost.StartAsync(
            _gateway.Redis.ConnectionString, builder => builder.Services.Configure<HubOptions>(options => options.AddFilter(_calls)), settings);
        await _gateway.UseAsync(new HubInstance("hub", _hub.Address.ToString(), Draining: false, Transport: LinkFrame.Protocol));
    }

    private async Task<ClientWebSocket> ConnectAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TestTokens.Create("ann")}");
        await socket.ConnectAsync(new Uri($"ws://{_gateway.Address.Authority}{RunningGateway.HubPath}?device=laptop"), CancellationToken.None);
        await SayAsync(socket, """{"protocol":"json","version":1}""");
        await HearAsync(socket, "\"target\":\"subscribed\"");
        Assert.Equal(1, _gateway.LinkedSessions);
        return socket;
    }

    private async Task<string> PublishAsync(int count)
    {
        var results = await _messaging.Publisher.PublishAsync([.. Enumerable.Range(0, count).Select(i => (Own, Notification.Create("TEST", i)))]);
        return results[^1].Epoch;
    }

    private async Task<long?> CursorAsync() => (long?)await _messaging.Database.HashGetAsync(Names.Default.Cursors(Own), "laptop");

    private static async Task SayAsync(ClientWebSocket socket, params string[] messages)
    {
        foreach (var message in messages)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(message + RecordEnd), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
    }

    private static async Task<string> HearAsync(ClientWebSocket socket, string expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var said = new StringBuilder();
        var buffer = new byte[4096];
        while (!said.ToString().Contains(expected, StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(buffer, limit.Token);
            said.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        return said.ToString();
    }

    private sealed class CountingFilter : IHubFilter
    {
        private int _acknowledgements;

        /// <summary>How many SignalR was told of.</summary>
        public int Acknowledgements => Volatile.Read(ref _acknowledgements);

        public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
        {
            if (invocationContext.HubMethodName == nameof(NotificationHub.Acknowledge))
            {
                Interlocked.Increment(ref _acknowledgements);
            }

            return next(invocationContext);
        }
    }
}
