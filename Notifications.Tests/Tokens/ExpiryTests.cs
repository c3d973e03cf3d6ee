using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Client;
using Notifications.Tests.Client;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;
using static Notifications.Tests.Client.RecordingClient;

namespace Notifications.Tests.Tokens;

/// <summary>A connection ends with its token, and its client goes on with the next one.</summary>
public sealed class ExpiryTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const string SpreadSetting = "Tokens:ExpirySpread";
    private static readonly TimeSpan Spread = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(2);

    /// <summary>For two busy cores.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    public static TheoryData<HttpTransportType> Transports =>
        [HttpTransportType.WebSockets, HttpTransportType.ServerSentEvents, HttpTransportType.LongPolling];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_connection_is_closed_between_its_tokens_expiry_and_the_spread_after_it(HttpTransportType transport)
    {
        await using var hub = await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString, (SpreadSetting, $"{Spread}"));
        // A token has whole seconds.
        var expiry = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3);
        var token = TestTokens.Create(RedisServers.Unique("user"), lifetime: expiry - DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(100));
        var closed = new TaskCompletionSource<(DateTimeOffset At, Exception? Why)>();
        await using var connection = new HubConnectionBuilder()
            .WithUrl(new Uri(hub.Address, "/hubs/notifications"), http =>
            {
                http.Transports = transport;
                http.AccessTokenProvider = () => Task.FromResult<string?>(token);
            })
            .Build();
        connection.Closed += why =>
        {
            closed.TrySetResult((DateTimeOffset.UtcNow, why));
            return Task.CompletedTask;
        };
        await connection.StartAsync();

        var (at, reason) = await closed.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Null(reason);
        Assert.InRange(at, expiry, expiry + Spread + Slack);
        await Eventually.True(() => hub.Connections == 0, "the hub to have let go of it");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Through_several_expiries_a_client_loses_and_repeats_nothing(HttpTransportType transport)
    {
        const int count = 160;
        await using var at = await ClientSetup.StartAsync(servers, (SpreadSetting, $"{Spread}"), ("SignalR:KeepAliveInterval", "00:00:01"));
        var tokens = 0;
        await using var client = await at.ConnectAsync(Options(at, transport, _ =>
        {
            Interlocked.Increment(ref tokens);
            return Task.FromResult<string?>(TestTokens.Create(at.User, lifetime: Life));
        }));

        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var number = 1; number <= count && await pace.WaitForNextTickAsync(); number++)
        {
            await at.Messaging.Publisher.PublishAsync(at.Own, TestMessaging.Numbered(number));
        }

        await client.SeesAsync(Offsets(at.Own, 1, count));
        Assert.Empty(client.Gaps);
        Assert.True(Volatile.Read(ref tokens) > 3, $"{tokens} tokens");
        await at.AcknowledgedAsync(at.Own, count);
    }

    [Fact]
    public async Task A_client_that_gets_no_token_at_the_expiry_tries_until_it_gets_one()
    {
        await using var at = await ClientSetup.StartAsync(servers, (SpreadSetting, "00:00:00"));
        var isIssuerAway = false;
        var refusals = 0;
        await using var client = await at.ConnectAsync(Options(at, HttpTransportType.WebSockets, _ =>
        {
            if (!Volatile.Read(ref isIssuerAway))
            {
                return Task.FromResult<string?>(TestTokens.Create(at.User, lifetime: Life));
            }

            Interlocked.Increment(ref refusals);
            throw new InvalidOperationException("The issuer is away.");
        }));
        Volatile.Write(ref isIssuerAway, true);
        await at.Messaging.PublishAsync(at.Own, 1);
        await Eventually.True(() => Volatile.Read(ref refusals) > 3, "the client to have asked for a token again and again");
        Assert.Equal(ConnectionState.Reconnecting, client.Client.State);
        await at.Messaging.PublishAsync(at.Own, 2);
        Volatile.Write(ref isIssuerAway, false);

        await client.SeesAsync(Offsets(at.Own, 1, 3));
    }

    [Fact]
    public async Task A_client_that_polls_with_a_newer_token_stays()
    {
        await using var hub = await HubHost.StartAsync(
            (await servers.GetAsync(RedisKind.Garnet)).ConnectionString, (SpreadSetting, "00:00:00"), ("SignalR:KeepAliveInterval", "00:00:01"));
        var user = RedisServers.Unique("user");
        using var http = hub.As(user);
        var session = await PolledSession.BeginAsync(http, TestTokens.Create(user, lifetime: Life));
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Life + Slack)
        {
            var poll = await session.PollAsync(TestTokens.Create(user));
            Assert.Equal(HttpStatusCode.OK, poll.Status);
        }

        Assert.Equal(1, hub.Connections);
        await session.EndAsync(TestTokens.Create(user));
    }

    private static NotificationClientOptions Options(ClientSetup at, HttpTransportType transport, Func<CancellationToken, Task<string?>> token)
    {
        var options = at.Options(transports: transport);
        return new NotificationClientOptions
        {
            Url = options.Url,
            Device = options.Device,
            Positions = options.Positions,
            ConfigureHttp = options.ConfigureHttp,
            MinDelay = options.MinDelay,
            MaxDelay = options.MaxDelay,
            AccessToken = token,
        };
    }
}
