using System.Net.WebSockets;
using System.Text;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>SignalR's time-out for clients that say nothing, as docs/gateway.md and docs/security.md have it.</summary>
public sealed class SilentClientTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_client_that_has_pinged_is_closed_when_it_falls_silent_and_one_that_never_did_stays()
    {
        using var limit = new CancellationTokenSource(Limit);
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, ("SignalR:ClientTimeoutInterval", "00:00:01"));
        await using var messaging = TestMessaging.On(redis.Connection);
        var user = RedisServers.Unique("user");
        using var neverPings = await ConnectAsync(hub, user, limit.Token);
        using var hasPinged = await ConnectAsync(hub, RedisServers.Unique("user"), limit.Token);
        await SayAsync(hasPinged, """{"type":6}""", limit.Token);

        while (await ReadAsync(hasPinged, limit.Token) is not null)
        {
        }

        // Silent for longer than the one that was closed.
        await messaging.PublishAsync(StreamName.User(user), 1);
        while (await ReadAsync(neverPings, limit.Token) is var message && message?.Contains("\"notification\"", StringComparison.Ordinal) is not true)
        {
            Assert.NotNull(message);
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(HubHost hub, string user, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TestTokens.Create(user)}");
        await socket.ConnectAsync(new UriBuilder(hub.Address) { Scheme = "ws", Path = "/hubs/notifications" }.Uri, cancellationToken);
        await SayAsync(socket, """{"protocol":"json","version":1}""", cancellationToken);
        while (await ReadAsync(socket, cancellationToken) is { } message && !message.Contains("\"subscribed\"", StringComparison.Ordinal))
        {
        }

        return socket;
    }

    private static Task SayAsync(ClientWebSocket socket, string message, CancellationToken cancellationToken) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + '\u001e'), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    /// <returns>Null once the hub has closed the connection.</returns>
    private static async Task<string?> ReadAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            var result = await socket.ReceiveAsync(buffer, cancellationToken);
            return result.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(buffer, 0, result.Count);
        }
        catch (WebSocketException)
        {
            return null;
        }
    }
}
