using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>What docs/reliability.md says of a Redis process that is killed.</summary>
public sealed class DurabilityTests : IAsyncDisposable
{
    private const int Saved = 100;
    private const int Unsaved = 100;

    private readonly RedisProcesses _redis = new();
    private readonly StreamName _stream = TestMessaging.NewStream();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [TheoryWithRedisServer]
    [InlineData(0, "--appendonly", "no")]
    [InlineData(Saved + Unsaved, "--appendonly", "yes", "--appendfsync", "everysec")]
    [InlineData(Saved + Unsaved, "--appendonly", "yes", "--appendfsync", "always")]
    public async Task Without_persistence_everything_is_lost_and_with_an_append_only_file_nothing(int survivors, params string[] persistence)
    {
        var server = await _redis.StartAsync(persistence);
        await PublishAsync(server, Saved + Unsaved);

        Assert.Equal(survivors, await SurvivorsAsync(server));
    }

    [FactWithRedisServer]
    public async Task With_snapshots_what_came_after_the_last_one_is_lost()
    {
        var server = await _redis.StartAsync();
        await PublishAsync(server, Saved);
        await server.SendAsync("SAVE");
        await PublishAsync(server, Unsaved);

        Assert.Equal(Saved, await SurvivorsAsync(server));
    }

    private async Task PublishAsync(RedisProcess server, int count)
    {
        await using var connection = await RedisProcesses.ConnectAsync(server);
        await using var messaging = TestMessaging.On(connection);
        await Task.WhenAll(Enumerable.Range(1, count).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))));
    }

    /// <summary>How many there are after SIGKILL and a new start, right behind the last acknowledgement.</summary>
    private async Task<int> SurvivorsAsync(RedisProcess server)
    {
        await server.KillAsync();
        await server.StartAsync(CancellationToken.None);
        await using var connection = await RedisProcesses.ConnectAsync(server);
        await using var messaging = TestMessaging.On(connection);
        return (await messaging.Log.ReadAfterAsync(_stream, 0, 1_000)).Entries.Count;
    }
}
