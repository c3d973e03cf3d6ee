using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Transport;

/// <summary>A hub process that is killed and started again at the same address while its registry entry lives, and a gateway that stays.</summary>
public sealed class RestartedHubTests
{
    private const int Restarts = 3;
    private const int RefusedEach = 30;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private Cluster _cluster = null!;

    private Uri Gateway => new($"http://{_cluster.Gateways[0].EndPoint}");

    [FactWithRedisServer]
    public async Task It_gets_sessions_again_as_soon_as_it_is_back_and_the_gateways_health_says_what_they_meet()
    {
        using var limit = new CancellationTokenSource(Limit);
        _cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = 1,
                HasFront = false,
                HubsKeepTheirPorts = true,
                // The entry of the one that was killed outlives the test.
                HubSettings = new Dictionary<string, string> { ["Instance__Expiry"] = "00:05:00" },
            },
            limit.Token);
        await using var running = _cluster;
        await ConnectAsync(limit.Token);

        for (var restart = 0; restart < Restarts; restart++)
        {
            await _cluster.Hubs[0].KillAsync();
            for (var i = 0; i < RefusedEach; i++)
            {
                await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(limit.Token));
            }

            await Eventually.True(async () => !await IsHealthyAsync(limit.Token), "the gateway to say that no session can begin", Soon);
            await _cluster.Hubs[0].StartAsync(limit.Token);

            // Before any session tried.
            await Eventually.True(() => IsHealthyAsync(limit.Token), "the gateway to say that sessions can begin", Soon);
            await Eventually.True(() => ConnectsAsync(limit.Token), "a session to begin", Soon);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConnectAsync(limit.Token)));
            await AssertGetsAsync($"restart {restart}");
        }

        _cluster.KeepsLogs = false;
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + _cluster.Tokens.Issue("ann"));
        await socket.ConnectAsync(new Uri($"ws://{Gateway.Authority}/hubs/notifications"), cancellationToken);
    }

    private async Task<bool> ConnectsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ConnectAsync(cancellationToken);
            return true;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Gateway };
        using var answer = await http.GetAsync("/health", cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private async Task AssertGetsAsync(string payload)
    {
        await using var client = await HubClient.ConnectAsync(Gateway, options =>
        {
            options.AccessTokenProvider = () => Task.FromResult<string?>(_cluster.Tokens.Issue("ann"));
            options.Transports = HttpTransportType.WebSockets;
        });
        await _cluster.Publisher.PublishAsync(StreamName.User("ann"), Notification.Create("TEST", payload));
        await Eventually.True(() => client.Received.Any(received => received.Payload.GetString() == payload), "the notification to arrive");
    }
}
