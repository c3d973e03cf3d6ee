using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>Measures this process's heap, so nothing else may run in it meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeHeap
{
    public const string Name = "whole heap";
}

[Collection(WholeHeap.Name)]
public sealed class StalledClientMemoryTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const int Count = 10_000;
    private const long MostBytes = 2 * 1024 * 1024;
    private const long SteadyBytes = MostBytes / 4;
    private const int MostLoads = 10;

    [FactWithRedisServer]
    public async Task A_client_that_reads_nothing_of_10_000_notifications_costs_the_hub_less_than_2_MB()
    {
        // Not in this process, whose memory is measured.
        var redis = await servers.GetAsync(RedisKind.RedisServer);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, ("Delivery:SendTimeout", "00:05:00"));
        // All of it stays in the log: a reader on a busy machine may fall behind and must not miss any.
        await using var messaging = TestMessaging.On(redis.Connection, options => options.LogLength = (MostLoads + 1) * Count);
        var topic = StreamName.Topic(RedisServers.Unique("busy"));
        await using var reader = await CountingReader.ConnectAsync(hub, topic);
        await UntilSteadyAsync(() => PublishAsync(messaging, topic, reader));

        using var stalled = await StalledClient.ConnectAsync(hub.Address, TestTokens.Create(RedisServers.Unique("stalled")), topic);
        await Eventually.True(() => hub.Connections == 2, "both connections to be open");
        var growth = await GrowthAsync(() => PublishAsync(messaging, topic, reader));

        Assert.Equal(2, hub.Connections);
        Assert.True(growth < MostBytes, $"The heap grew by {growth:N0} bytes with the client that reads nothing, where it was steady without.");
    }

    /// <summary>Pools fill at the first loads, and what earlier tests left behind is given back during them.</summary>
    private static async Task UntilSteadyAsync(Func<Task> load)
    {
        var growths = new List<long>();
        do
        {
            Assert.True(growths.Count < MostLoads, $"The heap does not become steady without the client that reads nothing: it grew by {string.Join(", ", growths)} bytes.");
            growths.Add(await GrowthAsync(load));
        }
        while (Math.Abs(growths[^1]) > SteadyBytes);
    }

    private static async Task<long> GrowthAsync(Func<Task> load)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await load();
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    private static async Task PublishAsync(TestMessaging messaging, StreamName topic, CountingReader reader)
    {
        var before = reader.Count;
        var payload = new string('x', 1_000);
        for (var published = 0; published < Count; published += 100)
        {
            await messaging.Publisher.PublishAsync([.. Enumerable.Range(0, 100).Select(_ => (topic, Notification.Create("BUSY", payload)))]);
        }

        await Eventually.True(() => reader.Count == before + Count, "the reader to have everything");
    }

    /// <summary>Keeps none of what it gets.</summary>
    private sealed class CountingReader : IAsyncDisposable
    {
        private readonly HubConnection _connection;
        private int _count;

        private CountingReader(HubConnection connection)
        {
            _connection = connection;
            connection.On<object>("notification", _ => Interlocked.Increment(ref _count));
        }

        public int Count => Volatile.Read(ref _count);

        public static async Task<CountingReader> ConnectAsync(HubHost hub, StreamName topic)
        {
            var token = TestTokens.Create(RedisServers.Unique("reader"));
            var reader = new CountingReader(new HubConnectionBuilder()
                .WithUrl(new Uri(hub.Address, "/hubs/notifications"), options => options.AccessTokenProvider = () => Task.FromResult<string?>(token))
                .Build());
            await reader._connection.StartAsync();
            await reader._connection.InvokeAsync("Subscribe", topic.Value);
            return reader;
        }

        public ValueTask DisposeAsync() => _connection.DisposeAsync();
    }
}
