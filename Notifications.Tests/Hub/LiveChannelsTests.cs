using System.Collections.Concurrent;
using System.Text;
using Notifications.Testing.Clusters;
using Notifications.Hubs.Delivery;
using Notifications.Messaging.Redis;
using Notifications.Tests.Attacks;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>What a hub hears on single channels, over the connection that it reads itself.</summary>
public sealed class LiveChannelsTests(RedisServers servers) : IClassFixture<RedisServers>, IAsyncDisposable
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    private readonly RedisProcesses _redis = new();
    private readonly ConcurrentQueue<string> _heard = new();

    private Action<ReadOnlySpan<byte>> Keep => message => _heard.Enqueue(Encoding.UTF8.GetString(message));

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Messages_of_any_size_are_heard_in_their_order(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        var channel = NewChannel();
        await hub.Service<LiveFeed>().ListenAsync(channel, Keep);
        string[] messages = [.. Enumerable.Range(0, 200).Select(number => $"{number} {new string('x', number * number * 13 % 300_000)}"), "", new string('y', 3_000_000), "end"];

        foreach (var message in messages)
        {
            _ = redis.Connection.GetSubscriber().PublishAsync(channel, message);
        }

        await Eventually.True(() => _heard.Count == messages.Length, "every message");
        Assert.Equal(messages, _heard);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_channel_left_and_listened_to_again_many_times_is_heard(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        var feed = hub.Service<LiveFeed>();
        var channel = NewChannel();
        await feed.ListenAsync(NewChannel(), Keep);
        for (var turn = 0; turn < 500; turn++)
        {
            feed.Leave(await feed.ListenAsync(channel, Keep));
        }

        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(async _ =>
        {
            var other = NewChannel();
            feed.Leave(await feed.ListenAsync(other, Keep));
        }));
        await feed.ListenAsync(channel, Keep);
        await redis.Connection.GetSubscriber().PublishAsync(channel, "heard");

        await Eventually.True(() => !_heard.IsEmpty, "the message");
        Assert.Equal(["heard"], _heard);
        Assert.DoesNotContain(hub.Logs, log => log.Contains("live connection", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_handler_that_throws_keeps_nobody_from_hearing(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        var feed = hub.Service<LiveFeed>();
        var (bad, good) = (NewChannel(), NewChannel());
        await feed.ListenAsync(bad, _ => throw new InvalidOperationException("This is what it does."));
        await feed.ListenAsync(good, Keep);

        await redis.Connection.GetSubscriber().PublishAsync(bad, "");
        await redis.Connection.GetSubscriber().PublishAsync(good, "heard");

        await Eventually.True(() => !_heard.IsEmpty, "the other channel's message");
        Assert.Contains(hub.Logs, log => log.Contains($"A message on the Redis channel {bad} could not be handled", StringComparison.Ordinal));
    }

    [FactWithRedisServer]
    public async Task Thousands_of_channels_are_listened_to_again_when_Redis_is_back_and_then_the_link_says_so()
    {
        const int count = 5_000;
        var redis = await _redis.StartAsync();
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        await using var connection = await RedisProcesses.ConnectAsync(redis);
        var feed = hub.Service<LiveFeed>();
        var channels = Enumerable.Range(0, count).Select(_ => NewChannel()).ToArray();
        await Task.WhenAll(channels.Select(channel => feed.ListenAsync(channel, Keep)));
        Assert.Equal(count, await ListenedToAsync(redis));
        var restored = new TaskCompletionSource<int>();
        feed.Restored += async _ => restored.TrySetResult(await ListenedToAsync(redis));

        await redis.KillAsync();
        await redis.StartAsync(CancellationToken.None);

        Assert.Equal(count, await restored.Task.WaitAsync(Recovery));
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again", Recovery);
        await Eventually.True(() => connection.IsConnected, "the publisher to be connected again", Recovery);
        await Task.WhenAll(channels.Select(channel => connection.GetSubscriber().PublishAsync(channel, channel.ToString())));
        await Eventually.True(() => _heard.Count == count, "every channel's message");
        Assert.Equal(channels.Select(channel => channel.ToString()).Order(), _heard.Order());
    }

    [FactWithRedisServer]
    public async Task A_server_that_stands_still_is_found_and_nobody_new_is_let_listen_and_it_goes_on_when_it_does()
    {
        var redis = await _redis.StartAsync();
        await using var hub = await HubHost.StartAsync($"{redis.ConnectionString},asyncTimeout=1000", ("Delivery:ProbeInterval", "00:00:00.200"));
        await using var connection = await RedisProcesses.ConnectAsync(redis);
        var feed = hub.Service<LiveFeed>();
        var channel = NewChannel();
        await feed.ListenAsync(channel, Keep);

        redis.Pause();
        await Eventually.True(async () => !await hub.IsReadyAsync(), "the hub to say that it is not ready");
        await Assert.ThrowsAsync<RedisConnectionException>(() => feed.ListenAsync(NewChannel(), Keep));
        redis.Resume();

        await Eventually.True(hub.IsReadyAsync, "the hub to be ready again", Recovery);
        await Eventually.True(() => connection.IsConnected, "the publisher to be connected", Recovery);
        await connection.GetSubscriber().PublishAsync(channel, "heard");
        await Eventually.True(() => !_heard.IsEmpty, "the message");
    }

    [FactWithRedisServer]
    public async Task Over_TLS_as_the_documented_user_it_hears_what_it_may()
    {
        using var certificates = new TestCertificates();
        using var acl = new DocumentedAcl();
        var (server, port) = await StartWithTlsAsync(certificates, acl);
        await using var hub = await HubHost.StartAsync(
            acl.ConnectionString($"localhost:{port},ssl=true", DocumentedAcl.Hub), (Notifications.AspNetCore.Redis.AuthorityFile, certificates.AuthorityFile));
        await using var connection = await RedisProcesses.ConnectAsync(server);
        var feed = hub.Service<LiveFeed>();
        var channel = NewChannel();
        await feed.ListenAsync(channel, Keep);
        var large = new string('x', 500_000);

        await connection.GetSubscriber().PublishAsync(channel, large);
        var refused = await Assert.ThrowsAsync<RedisServerException>(() => feed.ListenAsync(RedisChannel.Literal("another-application"), Keep));

        Assert.StartsWith("NOPERM", refused.Message, StringComparison.Ordinal);
        await Eventually.True(() => !_heard.IsEmpty, "the message");
        Assert.Equal([large], _heard);
        Assert.Contains($" name=hub-{hub.Id}-live ", await server.SendAsync("CLIENT", "LIST", "TYPE", "pubsub"), StringComparison.Ordinal);
    }

    [FactWithRedisServer]
    public async Task A_server_whose_certificate_another_authority_signed_is_told_nothing()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        using var acl = new DocumentedAcl();
        var (server, port) = await StartWithTlsAsync(certificates, acl);
        await using var hub = await HubHost.StartWithoutRedisAsync(
            acl.ConnectionString($"localhost:{port},ssl=true", DocumentedAcl.Hub), (Notifications.AspNetCore.Redis.AuthorityFile, others.AuthorityFile));
        var connections = hub.Service<RedisConnections>();

        Assert.Throws<System.Security.Authentication.AuthenticationException>(
            () => connections.Open(new System.Net.DnsEndPoint("localhost", port), CancellationToken.None));

        Assert.False(await hub.IsReadyAsync());
        Assert.DoesNotContain($"user={DocumentedAcl.Hub}", await server.SendAsync("CLIENT", "LIST"), StringComparison.Ordinal);
    }

    private static RedisChannel NewChannel() => RedisChannel.Literal($"n:{{1}}:{RedisServers.Unique("channel")}");

    private static async Task<int> ListenedToAsync(RedisProcess redis) =>
        (await redis.SendAsync("PUBSUB", "CHANNELS", "n:{1}:channel-*")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private async Task<(RedisProcess Server, int Port)> StartWithTlsAsync(TestCertificates certificates, DocumentedAcl acl)
    {
        var port = FreePorts.Next();
        var server = await _redis.StartAsync(["--aclfile", acl.File, .. certificates.RedisArguments(port)]);
        return (server, port);
    }
}
