using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Client;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Transport.Links;
using Xunit;
using static Notifications.Tests.Client.RecordingClient;

namespace Notifications.Tests.Gateway;

/// <summary>A gateway's planned end, with a real hub behind it and another gateway beside it.</summary>
public sealed class GatewayDrainTests : IAsyncLifetime
{
    private const string NewSession = RunningGateway.HubPath + "/negotiate?negotiateVersion=1";
    private static readonly Dictionary<string, string?> Settings = new() { ["Gateway:DrainWindow"] = "00:00:00.300" };

    /// <summary>A whole frame: close with 1001, going away.</summary>
    private static readonly byte[] Close = [0x88, 0x02, 0x03, 0xE9];

    private readonly StreamName _stream = StreamName.User("ann");
    private readonly string _token = TestTokens.Create("ann");
    private RunningGateway _gateway = null!;
    private HubHost _hub = null!;
    private TestMessaging _messaging = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync(settings: Settings);
        _hub = await HubHost.StartAsync(_gateway.Redis.ConnectionString);
        _messaging = TestMessaging.On(_gateway.Redis.Connection);
        await _gateway.UseAsync(Instance);
    }

    public async Task DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _messaging.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_websocket_is_closed_as_going_away_and_nothing_is_reset(bool isLinked)
    {
        await _gateway.UseAsync(Instance with { Transport = isLinked ? LinkFrame.Protocol : null });
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(EndPointOf(_gateway));
        var socket = tcp.GetStream();
        await socket.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {await SessionAsync()} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        await socket.WriteAsync(ClientFrame(0x81, "{\"protocol\":\"json\",\"version\":1}\u001e"u8));
        await Eventually.True(() => _hub.Connections == 1, "the hub to have the connection");
        await _messaging.PublishAsync(_stream, 100);

        var draining = _gateway.DrainAsync();
        var received = new List<byte>();
        var buffer = new byte[4_096];
        while (!received.TakeLast(Close.Length).SequenceEqual(Close))
        {
            received.AddRange(buffer.AsSpan(0, await socket.ReadAsync(buffer)));
        }

        await socket.WriteAsync(ClientFrame(0x88, [0x03, 0xE9]));
        Assert.Equal(0, await socket.ReadAsync(buffer));
        await Eventually.True(() => _hub.Connections == 0, "the hub to see the connection closed");
        await draining;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_websocket_whose_client_does_not_answer_is_not_waited_for_long(bool isLinked)
    {
        await _gateway.UseAsync(Instance with { Transport = isLinked ? LinkFrame.Protocol : null });
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{_gateway.Address.Authority}{await SessionAsync()}"), default);
        await socket.SendAsync("{\"protocol\":\"json\",\"version\":1}\u001e"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
        await Eventually.True(() => _hub.Connections == 1, "the hub to have the connection");

        await _gateway.DrainAsync();

        Assert.Equal(0, _gateway.Sessions);
        await Eventually.True(() => _hub.Connections == 0, "the hub to see the connection closed");
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets, true)]
    [InlineData(HttpTransportType.WebSockets, false)]
    [InlineData(HttpTransportType.ServerSentEvents, true)]
    [InlineData(HttpTransportType.LongPolling, true)]
    public async Task Its_clients_come_back_through_another_gateway_and_miss_nothing(HttpTransportType transport, bool isLinked)
    {
        const int count = 300;
        await using var other = await RunningGateway.StartAsync(settings: Settings, shared: _gateway.Redis);
        await other.UseAsync(Instance with { Transport = isLinked ? LinkFrame.Protocol : null });
        await Eventually.True(() => _gateway.Hubs.SequenceEqual(other.Hubs), "the first gateway to know the hub as it is now");
        await using var balancer = TcpProxy.Start(EndPointOf(_gateway));
        await using var client = await ConnectAsync(new NotificationClientOptions
        {
            Url = new Uri($"http://127.0.0.1:{balancer.Port}{RunningGateway.HubPath}"),
            AccessToken = _ => Task.FromResult<string?>(_token),
            Device = "laptop",
            ConfigureHttp = http => http.Transports = transport,
        });

        var publishing = _messaging.PublishAsync(_stream, count);
        await Eventually.True(() => client.Happened.Count > 10, "the first notifications");
        balancer.Target = EndPointOf(other);
        await _gateway.DrainAsync();

        await publishing;
        await client.SeesAsync(Offsets(_stream, 1, count));
        await Eventually.True(() => (_gateway.Sessions, other.Sessions) == (0, 1), "the client to be on the other gateway");
    }

    [Fact]
    public async Task It_is_not_ready_from_the_first_moment_and_goes_on_working_while_that_is_noticed()
    {
        await using var gateway = await RunningGateway.StartAsync(
            settings: new(Settings) { ["Gateway:DrainNotice"] = "00:00:30" }, shared: _gateway.Redis);
        await gateway.UseAsync(Instance);
        using var browser = gateway.Browser(_token);

        _ = gateway.DrainAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/alive")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(NewSession, null)).StatusCode);
    }

    [Fact]
    public async Task It_begins_no_session_after_that_and_answers_everything_else()
    {
        await _gateway.DrainAsync();
        using var browser = _gateway.Browser(_token);

        using var refused = await browser.PostAsync(NewSession, null);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "This gateway is stopping. Try again: another gateway answers."), await RunningGateway.ProblemOf(refused));
        Assert.Equal((TimeSpan.FromSeconds(1), true), (refused.Headers.RetryAfter?.Delta, refused.Headers.ConnectionClose));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/api/notifications")).StatusCode);
    }

    private HubInstance Instance => new("hub", _hub.Address.ToString(), Draining: false);

    private static IPEndPoint EndPointOf(RunningGateway gateway) => new(IPAddress.Loopback, gateway.Address.Port);

    private static Task<RecordingClient> ConnectAsync(NotificationClientOptions options) =>
        RecordingClient.ConnectAsync(options, (_, _) => Task.CompletedTask, TimeSpan.FromSeconds(15));

    /// <summary>The address of a session that has begun, for clients that do by hand what SignalR's hide.</summary>
    private async Task<string> SessionAsync()
    {
        using var browser = _gateway.Browser(_token);
        using var negotiated = await browser.PostAsync(NewSession, null);
        var session = (await negotiated.Content.ReadFromJsonAsync<Negotiated>())!.ConnectionToken;
        return $"{RunningGateway.HubPath}?id={session}&access_token={_token}";
    }

    /// <summary>A short frame, masked with zeros.</summary>
    private static byte[] ClientFrame(byte first, ReadOnlySpan<byte> payload) => [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    private sealed record Negotiated(string ConnectionToken);
}
