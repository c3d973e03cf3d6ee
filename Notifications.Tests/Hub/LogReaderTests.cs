using System.Globalization;
using System.Text.RegularExpressions;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class LogReaderTests(RedisServers servers) : IClassFixture<RedisServers>
{
    [FactWithRedisServer]
    public async Task Those_who_miss_the_same_of_a_topic_read_the_log_together()
    {
        const int readers = 60;
        const int most = 6;
        var redis = await servers.GetAsync(RedisKind.RedisServer);
        await using var messaging = TestMessaging.On(redis.Connection);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString);
        var topic = StreamName.Topic(RedisServers.Unique("news"));
        var clients = await Task.WhenAll(Enumerable.Range(0, readers).Select(_ => hub.ConnectAsync(RedisServers.Unique("reader"))));
        await Task.WhenAll(clients.Select(client => client.InvokeAsync("Subscribe", topic.Value)));
        await messaging.PublishAsync(topic, 1);
        await Eventually.True(() => clients.All(client => client.Received.Count == 1), "everyone to have the first");

        var before = await ScriptsAsync(redis);
        await UnheardNotifications.AppendAsync(messaging.Database, topic);
        await messaging.PublishAsync(topic, 1);

        await Eventually.True(() => clients.All(client => client.Received.Count == 3), "everyone to have all three");
        Assert.All(clients, client => Assert.Equal([1, 2, 3], client.Received.Select(received => received.Offset)));
        var reads = await ScriptsAsync(redis) - before - 1;
        Assert.InRange(reads, 1, most);
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }

    /// <returns>How many scripts the server has run so far.</returns>
    private static async Task<long> ScriptsAsync(RedisServer redis)
    {
        var statistics = (string)(await redis.Connection.GetDatabase().ExecuteAsync("INFO", "commandstats"))!;
        return Regex.Matches(statistics, "^cmdstat_eval(?:sha)?:calls=(\\d+)", RegexOptions.Multiline)
            .Sum(calls => long.Parse(calls.Groups[1].Value, CultureInfo.InvariantCulture));
    }
}
