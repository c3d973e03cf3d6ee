using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing;
using Notifications.Transport.Links;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Xunit;

namespace Notifications.Tests.Transport;

/// <summary>A gateway and a hub with a link between them.</summary>
public sealed class SessionLinkTests : IAsyncLifetime
{
    private const int LongPayload = 300_000;

    private RunningGateway _gateway = null!;
    private HubHost _hub = null!;
    private TestMessaging _messaging = null!;

    public async Task InitializeAsync()
    {
        _gateway = await RunningGateway.StartAsync();
        _hub = await HubHost.StartAsync(_gateway.Redis.ConnectionString, ("Delivery:SendTimeout", "00:00:02"));
        _messaging = TestMessaging.On(_gateway.Redis.Connection, options => options.MaxPayloadBytes = LongPayload + 2);
        await _gateway.UseAsync(Instance);
    }

    public async Task DisposeAsync()
    {
        await _messaging.DisposeAsync();
        await _gateway.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Websockets_go_over_the_link_and_the_others_do_not()
    {
        await using var socket = await ConnectAsync("ann", HttpTransportType.WebSockets);
        await using var events = await ConnectAsync("bob", HttpTransportType.ServerSentEvents);
        await using var polling = await ConnectAsync("cid", HttpTransportType.LongPolling);

        Assert.Equal(1, _gateway.LinkedSessions);
        await AssertGetsAsync(socket, "ann", "x");
        await AssertGetsAsync(events, "bob", "x");
        await AssertGetsAsync(polling, "cid", "x");
    }

    [Fact]
    public async Task A_session_that_ends_leaves_nothing_behind()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var client = await ConnectAsync("ann", HttpTransportType.WebSockets);
            await AssertGetsAsync(client, "ann", $"{i}");
        }

        await Eventually.True(() => (_gateway.Sessions, _gateway.LinkedSessions, _hub.Connections) == (0, 0, 0), "all sessions to be gone at both ends");
    }

    [Fact]
    public async Task A_message_longer_than_the_window_arrives_whole_among_short_ones()
    {
        await using var client = await ConnectAsync("ann", HttpTransportType.WebSockets);

        foreach (var length in (int[])[1, 125, 126, 65_000, LongPayload, 1, 66_000, 70_000, 2, LongPayload])
        {
            await AssertGetsAsync(client, "ann", new string('x', length));
        }
    }

    [Fact]
    public async Task A_client_that_reads_nothing_holds_up_nobody_and_is_closed()
    {
        var topic = StreamName.Topic("busy");
        await using var reader = await ConnectAsync("ann", HttpTransportType.WebSockets);
        await reader.InvokeAsync("Subscribe", topic.Value);
        using var stalled = await StalledClient.ConnectAsync(_gateway.Address, TestTokens.Create("bob"), topic);
        await Eventually.True(() => _gateway.LinkedSessions == 2, "both sessions to go over the link");

        var payload = new string('x', 10_000);
        var published = 0;
        await Eventually.True(
            async () =>
            {
                await _messaging.Publisher.PublishAsync([.. Enumerable.Range(0, 50).Select(_ => (topic, Notification.Create("BUSY", payload)))]);
                published += 50;
                await Eventually.True(() => reader.Received.Count == published, "the reader to have what there is");
                return _hub.Connections == 1;
            },
            "the client that does not read to be closed");

        Assert.Equal(Enumerable.Range(1, published).Select(offset => (long)offset), reader.Received.Select(received => received.Offset));
        await Eventually.True(() => (_gateway.Sessions, _gateway.LinkedSessions) == (1, 1), "its session to be gone at the gateway");
    }

    [Fact]
    public async Task When_the_link_breaks_its_clients_come_back_over_a_new_one()
    {
        await using var client = await ConnectAsync("ann", HttpTransportType.WebSockets);

        _gateway.BreakLinks();

        await Eventually.True(() => client.Subscribed.Count == 2, "the client to be back");
        await Eventually.True(() => (_gateway.Sessions, _gateway.LinkedSessions, _hub.Connections) == (1, 1, 1), "the old session to be gone");
        await AssertGetsAsync(client, "ann", "again");
    }

    [Fact]
    public async Task An_instance_that_refuses_the_link_is_unreachable_and_another_is_taken()
    {
        await using var other = await FakeHub.StartAsync("other");
        await _gateway.UseAsync(Instance, other.Instance with { Transport = LinkFrame.Protocol });

        // Half of the first tries would go to it.
        var clients = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => ConnectAsync($"user{i}", HttpTransportType.WebSockets, skipNegotiation: true)));

        Assert.Equal((6, 6), (_gateway.LinkedSessions, _hub.Connections));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_the_hub_answers_instead_reaches_the_client()
    {
        using var browser = _gateway.Browser(TestTokens.Create("ann"));
        using var request = Upgrade(RunningGateway.HubPath + "?id=unknown");

        using var response = await browser.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        await Eventually.True(() => (_gateway.Sessions, _gateway.LinkedSessions) == (0, 0), "no session to be left");
    }

    [Fact]
    public async Task Nothing_but_an_upgrade_opens_a_link_and_no_gateway_leads_to_it()
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(_hub.Address, "/session-link"));
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);

        using var browser = _gateway.Browser(TestTokens.Create("ann"));
        using var outside = await browser.GetAsync("/session-link");
        Assert.Equal(HttpStatusCode.NotFound, outside.StatusCode);
    }

    [Fact]
    public async Task What_is_no_frame_ends_the_link_and_not_the_hub()
    {
        await using var client = await ConnectAsync("ann", HttpTransportType.WebSockets);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, _hub.Address.Port);
        var stream = tcp.GetStream();
        await stream.WriteAsync("GET /session-link HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: notifications-sessions/1\r\n\r\n"u8.ToArray());
        await stream.WriteAsync(Enumerable.Repeat((byte)0xFF, 100).ToArray());

        var buffer = new byte[4_096];
        await Eventually.True(async () => await stream.ReadAsync(buffer) == 0, "the hub to close the link");
        await AssertGetsAsync(client, "ann", "still there");
    }

    [Fact]
    public async Task A_session_that_can_not_be_read_or_answered_gets_an_error_and_the_others_over_its_link_go_on()
    {
        await using var hub = await HubHost.StartAsync(
            _gateway.Redis.ConnectionString,
            _ => { },
            app =>
            {
                app.MapGet($"{OwnHub.Path}/long", (HttpContext context) =>
                {
                    // Longer than a frame of the link.
                    for (var i = 0; i < 10; i++)
                    {
                        context.Response.Headers[$"x-{i}"] = new string('x', 8_000);
                    }
                });
                app.MapGet($"{OwnHub.Path}/unflushed", (HttpContext context) =>
                {
                    (context.Response.StatusCode, context.Response.ContentType) = (StatusCodes.Status418ImATeapot, "text/plain");
                    context.Response.BodyWriter.Write("short and stout"u8);
                });
                app.MapGet($"{OwnHub.Path}/throws", (HttpContext context) => context.Response.OnStarting(() => throw new InvalidOperationException("Not this one.")));
            });
        await _gateway.UseAsync(Instance with { Address = hub.Address.ToString() });
        await using var client = await ConnectAsync("ann", HttpTransportType.WebSockets);
        using var browser = _gateway.Browser(TestTokens.Create("bob"));

        foreach (var path in (string[])["long", "throws", "long"])
        {
            using var request = Upgrade($"{OwnHub.Path}/{path}");
            using var response = await browser.SendAsync(request);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        }

        using var unflushed = Upgrade($"{OwnHub.Path}/unflushed");
        using var teapot = await browser.SendAsync(unflushed);
        Assert.Equal((418, "short and stout"), ((int)teapot.StatusCode, await teapot.Content.ReadAsStringAsync()));
        await AssertGetsAsync(client, "ann", "still there");
        Assert.Single(client.Subscribed);
        Assert.Equal(1, _gateway.LinkedSessions);
        Assert.DoesNotContain(_gateway.Logs.All, log => log.Message.Contains("can't be reached", StringComparison.Ordinal));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_frame_of_one_session_that_makes_no_sense_ends_that_session_and_not_the_link()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, _hub.Address.Port);
        var stream = tcp.GetStream();
        await stream.WriteAsync("GET /session-link HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: notifications-sessions/1\r\n\r\n"u8.ToArray());
        await Eventually.True(() => stream.ReadByte() == '\n' && stream.ReadByte() == '\r' && stream.ReadByte() == '\n', "the hub to take the link");

        // No request, a credit that is no number, an answer, which only hubs send, and data and credit of a session that there is none of.
        await SayAsync(stream, FrameType.Open, 1, Enumerable.Repeat((byte)0xFF, 50).ToArray());
        await SayAsync(stream, FrameType.Open, 2, new LinkHead("no path", []).ToBytes());
        var open = new LinkHead(RunningGateway.HubPath, [new("Host", "hub"), new("Authorization", $"Bearer {TestTokens.Create("ann")}"), new("Connection", "Upgrade"), new("Upgrade", "websocket"), new("Sec-WebSocket-Version", "13"), new("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]).ToBytes();
        foreach (var session in (uint[])[3, 4, 5])
        {
            await SayAsync(stream, FrameType.Open, session, open);
        }

        await SayAsync(stream, FrameType.Credit, 3, [1, 2, 3]);
        await SayAsync(stream, FrameType.Answer, 4, [0xFF]);
        await SayAsync(stream, FrameType.Data, 99, [1]);
        await SayAsync(stream, FrameType.Credit, 99, [1]);
        await SayAsync(stream, FrameType.Close, 5, []);
        await SayAsync(stream, FrameType.Ping, 0, []);

        var heard = new List<(FrameType Type, uint Session)>();
        await Eventually.True(
            async () =>
            {
                var head = new byte[LinkFrame.HeadLength];
                await stream.ReadExactlyAsync(head);
                var frame = LinkFrame.Read(head);
                await stream.ReadExactlyAsync(new byte[frame.Length]);
                heard.Add((frame.Type, frame.Session));
                return heard.Contains((FrameType.Pong, 0)) && ((uint[])[1, 2, 3, 4]).All(session => heard.Exists(each => each.Session == session && each.Type is FrameType.Close or FrameType.Abort));
            },
            "the link to go on, and the end of each");
    }

    [Fact]
    public async Task What_is_limited_counts_as_long_as_the_session_whose_request_is_over()
    {
        await using var gateway = await RunningGateway.StartAsync(
            settings: new()
            {
                ["Gateway:Limits:ConnectionsPerUser"] = "1",
                ["Gateway:Limits:ConnectionsPerAddress"] = "2",
                ["Gateway:KnownProxies:0"] = "127.0.0.2",
            },
            shared: _gateway.Redis);
        await gateway.UseAsync(Instance);
        var client = await ConnectAsync("ann", HttpTransportType.WebSockets, gateway: gateway, skipNegotiation: true);
        Assert.Equal((1, 1), (gateway.Sessions, gateway.LinkedSessions));

        using (var browser = gateway.Browser(TestTokens.Create("ann")))
        {
            using var another = await browser.PostAsync($"{RunningGateway.HubPath}/negotiate?negotiateVersion=1", null);
            Assert.Equal(HttpStatusCode.TooManyRequests, another.StatusCode);
            // It holds the second place of the address.
            await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync("bob", HttpTransportType.WebSockets, gateway: gateway, skipNegotiation: true));
        }

        await client.DisposeAsync();
        await Eventually.True(
            () => TakesAsync(async () =>
            {
                using var browser = gateway.Browser(TestTokens.Create("ann"));
                using var another = await browser.PostAsync($"{RunningGateway.HubPath}/negotiate?negotiateVersion=1", null);
                return another.StatusCode == HttpStatusCode.OK;
            }),
            "the user's place to be free");
        await Eventually.True(
            () => TakesAsync(async () =>
            {
                await using var bob = await ConnectAsync("bob", HttpTransportType.WebSockets, gateway: gateway, skipNegotiation: true);
                return true;
            }),
            "the address's places to be free");

        // Where the address has no place left, the connection is reset.
        static async Task<bool> TakesAsync(Func<Task<bool>> call)
        {
            try
            {
                return await call();
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    private static HttpRequestMessage Upgrade(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        return request;
    }

    private static async Task SayAsync(NetworkStream stream, FrameType type, uint session, byte[] payload)
    {
        var frame = new byte[LinkFrame.HeadLength + payload.Length];
        new LinkFrame(type, session, payload.Length).Write(frame);
        payload.CopyTo(frame, LinkFrame.HeadLength);
        await stream.WriteAsync(frame);
    }

    private HubInstance Instance => new("hub", _hub.Address.ToString(), Draining: false, Transport: LinkFrame.Protocol);

    private Task<HubClient> ConnectAsync(string user, HttpTransportType transport, bool skipNegotiation = false, RunningGateway? gateway = null) => HubClient.ConnectAsync(
        (gateway ?? _gateway).Address,
        options =>
        {
            options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user));
            options.Transports = transport;
            options.SkipNegotiation = skipNegotiation;
        });

    private async Task AssertGetsAsync(HubClient client, string user, string payload)
    {
        var before = client.Received.Count;
        await _messaging.Publisher.PublishAsync(StreamName.User(user), Notification.Create("TEST", payload));
        await Eventually.True(() => client.Received.Count > before, "the notification to arrive");
        Assert.Equal(payload, client.Received[before].Payload.GetString());
    }
}
