using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;
using static Notifications.Tests.Client.RecordingClient;

namespace Notifications.Tests.Client;

public sealed class ReconnectTests(RedisServers servers) : IClassFixture<RedisServers>
{
    public enum Fault
    {
        Close,
        Reset,
        Silence,
    }

    [Theory]
    [InlineData(Fault.Close)]
    [InlineData(Fault.Reset)]
    [InlineData(Fault.Silence)]
    [InlineData(Fault.Silence, HttpTransportType.ServerSentEvents)]
    [InlineData(Fault.Silence, HttpTransportType.LongPolling)]
    public async Task What_is_published_while_the_connection_is_lost_arrives_once_and_in_order(
        Fault fault, HttpTransportType transport = HttpTransportType.WebSockets)
    {
        await using var at = await ClientSetup.StartAsync(servers, ("SignalR:KeepAliveInterval", "00:00:01"));
        await using var client = await at.ConnectAsync(at.Options(serverTimeout: TimeSpan.FromSeconds(2), transports: transport));
        await at.Messaging.PublishAsync(at.Own, 5);
        await client.SeesAsync(Offsets(at.Own, 1, 5));

        await BreakAsync(at.Proxy, fault);
        await at.Messaging.PublishAsync(at.Own, 5);
        at.Proxy.Resume();

        await client.SeesAsync(Offsets(at.Own, 1, 10));
        Assert.Empty(client.Gaps);
    }

    [Fact]
    public async Task An_answer_to_negotiate_that_breaks_off_is_not_waited_for()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var client = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri($"http://{server.LocalEndpoint}/hubs/notifications"),
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
            MinDelay = TimeSpan.FromMilliseconds(20),
            MaxDelay = TimeSpan.FromMilliseconds(50),
        });
        var starting = client.StartAsync();
        var connections = new List<TcpClient>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var connection = await server.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(15));
            connections.Add(connection);
            await connection.GetStream().ReadExactlyAsync(new byte[4]);
            await connection.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n{\"negotiateVersion\":1,"u8.ToArray());
        }

        await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        connections.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task Connections_that_break_all_the_time_lose_and_repeat_nothing()
    {
        const int count = 400;
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();

        var publishing = at.Messaging.PublishAsync(at.Own, count);
        for (var cut = 0; !publishing.IsCompleted || cut < 5; cut++)
        {
            var before = client.Happened.Count;
            await Eventually.True(() => client.Happened.Count > before || before == count, "the next notification");
            await BreakAsync(at.Proxy, cut % 2 == 0 ? Fault.Reset : Fault.Close);
        }

        await publishing;
        await client.SeesAsync(Offsets(at.Own, 1, count));
        await at.AcknowledgedAsync(at.Own, count);
    }

    [Fact]
    public async Task Topics_are_subscribed_again_from_where_they_were()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        await using var client = await at.ConnectAsync();
        await client.Client.SubscribeAsync(topic.Value);
        await at.Messaging.PublishAsync(topic, 2);
        await client.SeesAsync(Offsets(topic, 1, 2));

        await at.Proxy.CutAsync();
        await at.Messaging.PublishAsync(topic, 3);

        await client.SeesAsync(Offsets(topic, 1, 5));
    }

    [Fact]
    public async Task A_hub_that_is_away_is_tried_until_there_is_one_again()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        var attempts = 0;
        var options = at.Options();
        await using var client = await at.ConnectAsync(new NotificationClientOptions
        {
            Url = options.Url,
            Device = options.Device,
            MinDelay = options.MinDelay,
            MaxDelay = options.MaxDelay,
            AccessToken = async cancellationToken =>
            {
                Interlocked.Increment(ref attempts);
                return await options.AccessToken!(cancellationToken);
            },
        });

        await at.Hub.DisposeAsync();
        await at.Messaging.PublishAsync(at.Own, 3);
        await Eventually.True(() => Volatile.Read(ref attempts) > 5, "the client to have tried, with a fresh token each time");
        Assert.Equal(ConnectionState.Reconnecting, client.Client.State);
        await at.StartNextHubAsync();

        await client.SeesAsync(Offsets(at.Own, 1, 3));
        Assert.Equal(ConnectionState.Connected, client.Client.State);
    }

    [Fact]
    public async Task A_client_that_is_told_to_reconnect_moves_to_another_hub()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        await using var client = await at.ConnectAsync();
        await at.Messaging.PublishAsync(at.Own, 1);
        var leaving = at.Hub;
        var first = await client.Client.InstanceAsync();
        await at.StartNextHubAsync();

        await leaving.TellToReconnectAsync(TimeSpan.FromMilliseconds(200));

        await Eventually.True(() => leaving.Connections == 0, "the client to leave");
        await Eventually.True(() => client.Client.State == ConnectionState.Connected, "the client to be connected");
        Assert.NotEqual(first, await client.Client.InstanceAsync());
        await at.Messaging.PublishAsync(at.Own, 1);
        await client.SeesAsync(Offsets(at.Own, 1, 2));
    }

    [Fact]
    public async Task A_handshake_refused_with_retry_after_is_tried_again_no_sooner()
    {
        await using var at = await ClientSetup.StartAsync(servers);
        var options = at.Options();
        var attempts = new RefuseFirst();

        await using var client = await at.ConnectAsync(new NotificationClientOptions
        {
            Url = options.Url,
            AccessToken = options.AccessToken,
            MinDelay = options.MinDelay,
            MaxDelay = options.MaxDelay,
            ConfigureHttp = http => http.HttpMessageHandlerFactory = attempts.Before,
        });

        // A timer counts the system's ticks and not the time, so it may be early by one of them.
        Assert.True(attempts.FirstPause >= RefuseFirst.RetryAfter - TimeSpan.FromMilliseconds(16), $"The second attempt came {attempts.FirstPause} after the first.");
    }

    private static async Task BreakAsync(TcpProxy proxy, Fault fault)
    {
        switch (fault)
        {
            case Fault.Close:
                await proxy.CloseAsync();
                break;
            case Fault.Reset:
                await proxy.CutAsync();
                break;
            case Fault.Silence:
                proxy.Swallow();
                break;
        }
    }

    /// <summary>A gateway over its limit: 429 to the first request, the rest passed on.</summary>
    private sealed class RefuseFirst
    {
        public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

        private long _refused;

        public TimeSpan FirstPause { get; private set; }

        public HttpMessageHandler Before(HttpMessageHandler inner) => new Handler(this, inner);

        private sealed class Handler(RefuseFirst all, HttpMessageHandler inner) : DelegatingHandler(inner)
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (all._refused == 0)
                {
                    all._refused = Stopwatch.GetTimestamp();
                    var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
                    response.Headers.RetryAfter = new RetryConditionHeaderValue(RetryAfter);
                    return Task.FromResult(response);
                }

                all.FirstPause = all.FirstPause == TimeSpan.Zero ? Stopwatch.GetElapsedTime(all._refused) : all.FirstPause;
                return base.SendAsync(request, cancellationToken);
            }
        }
    }
}
