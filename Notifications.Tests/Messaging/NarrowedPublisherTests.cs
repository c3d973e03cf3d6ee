using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>A publisher whose Redis user may write to some streams only, as docs/redis.md advises.</summary>
public sealed class NarrowedPublisherTests : IAsyncLifetime
{
    private readonly RedisProcesses _servers = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _servers.DisposeAsync();

    [FactWithRedisServer]
    public async Task It_publishes_to_topics_and_to_nobody_else()
    {
        var redis = await _servers.StartAsync();
        await redis.SendAsync("ACL", "SETUSER", "topics", "on", ">secret", "resetkeys", "~n:{*}:topic:*", "resetchannels", "&n:{*}:topic:*", "+@all");
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.ConnectionString},user=topics,password=secret");
        await using var messaging = TestMessaging.On(connection);
        StreamName[] topics = [.. Enumerable.Range(1, 20).Select(number => StreamName.Topic($"t{number}"))];

        var results = await Task.WhenAll(topics.SelectMany(topic => Enumerable.Range(1, 5).Select(number => messaging.Publisher.PublishAsync(topic, TestMessaging.Numbered(number)))));

        Assert.Equal(topics.SelectMany(_ => Enumerable.Range(1, 5)).Select(offset => (long)offset), results.Select(result => result.Offset));
        var refused = await Assert.ThrowsAsync<RedisServerException>(() => messaging.Publisher.PublishAsync(StreamName.User("ann"), TestMessaging.Numbered(1)));
        Assert.Equal(RedisErrorKind.NoPermission, refused.Kind);
    }
}
