using Notifications.Benchmarks.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>Publishing over a connection of its own, and over the shared one while that is away.</summary>
public sealed class DirectAppendsTests : IAsyncLifetime
{
    private readonly RedisProcesses _processes = new();
    private readonly StreamName _stream = TestMessaging.NewStream();
    private RedisProcess _redis = null!;
    private IConnectionMultiplexer _connection = null!;
    private TestMessaging _messaging = null!;
    private int _published;

    public async Task InitializeAsync()
    {
        _redis = await _processes.StartAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync($"{_redis.ConnectionString},asyncTimeout=2000,abortConnect=false");
        _messaging = TestMessaging.On(_connection);
        await PublishAsync();
        await StandsAsync();
    }

    public async Task DisposeAsync()
    {
        await _messaging.DisposeAsync();
        await _connection.DisposeAsync();
        await _processes.DisposeAsync();
    }

    [FactWithRedisServer]
    public async Task A_notification_goes_over_the_connection_of_its_own()
    {
        await PublishAsync();

        Assert.Contains(" cmd=evalsha ", await OwnAsync(), StringComparison.Ordinal);
    }

    [FactWithRedisServer]
    public async Task A_script_that_Redis_has_forgotten_is_loaded_again()
    {
        await _redis.SendAsync("SCRIPT", "FLUSH");

        await PublishAsync();
        await PublishAsync();

        Assert.Contains(" cmd=evalsha ", await OwnAsync(), StringComparison.Ordinal);
    }

    [FactWithRedisServer]
    public async Task While_its_connection_is_away_notifications_go_over_the_shared_one()
    {
        var id = (await OwnAsync())!.Split(' ')[0]["id=".Length..];
        await _redis.SendAsync("CLIENT", "KILL", "ID", id);
        await Eventually.True(async () => await OwnAsync() is not { } own || !own.StartsWith($"id={id} ", StringComparison.Ordinal), "the connection to be closed");

        await _messaging.PublishUntilTakenAsync(_stream, ++_published);
        await PublishAsync();

        await StandsAsync();
        await PublishAsync();
        Assert.Contains(" cmd=evalsha ", await OwnAsync(), StringComparison.Ordinal);
    }

    [FactWithRedisServer]
    public async Task A_Redis_that_does_not_answer_is_waited_for_no_longer_than_the_connection_string_says()
    {
        await _redis.SendAsync("CLIENT", "PAUSE", "60000", "WRITE");
        var notification = TestMessaging.Numbered(++_published);

        await Assert.ThrowsAnyAsync<TimeoutException>(() => _messaging.Publisher.PublishAsync(_stream, notification));

        await _redis.SendAsync("CLIENT", "UNPAUSE");
        Assert.Equal(_published, (await _messaging.Publisher.PublishAsync(_stream, notification)).Offset);
        await StandsAsync();
    }

    [FactWithRedisServer]
    public async Task Publishing_goes_on_when_Redis_was_killed_and_is_back()
    {
        await _redis.KillAsync();
        var publish = _messaging.PublishUntilTakenAsync(_stream, ++_published);
        await _redis.StartAsync(CancellationToken.None);

        _published = 1;
        Assert.Equal(_published, (await publish).Offset);
        await StandsAsync();
    }

    [FactWithRedisServer]
    public async Task It_follows_the_primary()
    {
        var replica = await _processes.StartReplicaAsync(_redis.EndPoint.Port);
        await using var both = await ConnectionMultiplexer.ConnectAsync(
            $"{_redis.ConnectionString},{replica.ConnectionString},asyncTimeout=2000,abortConnect=false,configCheckSeconds=1");
        await using var messaging = TestMessaging.On(both);
        await messaging.PublishUntilTakenAsync(_stream, ++_published);
        await replica.SendAsync("REPLICAOF", "NO", "ONE");
        await _redis.SendAsync("REPLICAOF", "127.0.0.1", $"{replica.EndPoint.Port}");

        await messaging.PublishUntilTakenAsync(_stream, ++_published);

        await Eventually.True(
            async () =>
            {
                await messaging.PublishUntilTakenAsync(_stream, ++_published);
                return (await OwnAsync(replica))?.Contains(" cmd=evalsha ", StringComparison.Ordinal) == true;
            },
            "the connection to the new primary",
            TimeSpan.FromSeconds(30));
    }

    private static async Task<string?> OwnAsync(RedisProcess redis) =>
        (await redis.SendAsync("CLIENT", "LIST")).Split('\n').SingleOrDefault(client => client.Contains(" name=notifications-publishing ", StringComparison.Ordinal));

    private Task<string?> OwnAsync() => OwnAsync(_redis);

    /// <summary>Redis lists the connection a moment before the publisher takes it.</summary>
    private Task StandsAsync() => Eventually.True(
        async () =>
        {
            await PublishAsync();
            return (await OwnAsync())?.Contains(" cmd=evalsha ", StringComparison.Ordinal) == true;
        },
        "a notification to go over the connection of its own",
        TimeSpan.FromSeconds(20));

    private async Task PublishAsync() =>
        Assert.Equal(++_published, (await _messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(_published))).Offset);
}
