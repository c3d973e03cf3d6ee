using System.Globalization;
using System.Net.WebSockets;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing.Clusters;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Attacks;

/// <summary>What somebody has the hubs leave in Redis about topics that there are not.</summary>
internal sealed class UnusedTopics() : AttackScenario(
    "unused-topics",
    "One user subscribes to thousands of topics that nobody publishes to, and unsubscribes at once")
{
    /// <summary>What a connection may call at once.</summary>
    private const int Calls = 250;

    /// <summary>Of topics that a user may have begin at each hub: at once, and per second.</summary>
    private const int Burst = 500;
    private const int PerSecond = 2;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var connections = stage.Length(40, 12);
        var began = DateTimeOffset.UtcNow;
        var refused = await Task.WhenAll(Enumerable.Range(0, connections).Select(number => RunConnectionAsync(stage, number, cancellationToken)));
        var most = stage.Cluster.Hubs.Count * (Burst + (PerSecond * ((DateTimeOffset.UtcNow - began).TotalSeconds + 1)));

        var redis = stage.Cluster.RedisConnection;
        var (count, bytes) = (0, 0L);
        await foreach (var key in redis.GetServers()[0].KeysAsync(pattern: $"*{Name}*").WithCancellation(cancellationToken))
        {
            var life = await redis.GetDatabase().KeyTimeToLiveAsync(key);
            stage.Require(life <= Life, $"{key} lives for minutes, but for {life?.ToString() ?? "ever"}");
            count++;
            bytes += (long)await redis.GetDatabase().ExecuteAsync("MEMORY", "USAGE", key);
        }

        stage.Require(refused.Sum() > 0, "an error from a number on");
        stage.Require(count > 0 && count <= most, $"at most {most:0} keys, but {count}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"\"unavailable: nobody has published to …\" to {refused.Sum():N0} of {connections * Calls / 2:N0}; {count:N0} keys in Redis, {bytes / 1024:N0} KiB, for 15 minutes at the most");
    }

    /// <returns>How many subscriptions were refused.</returns>
    private async Task<int> RunConnectionAsync(AttackStage stage, int number, CancellationToken cancellationToken)
    {
        await using var hub = stage.Hub(Name);
        await hub.StartAsync(cancellationToken);
        var refused = 0;
        for (var call = 0; call < Calls; call += 2)
        {
            var topic = $"topic:{Name}-{number}-{call}";
            try
            {
                await hub.InvokeAsync("Subscribe", topic, null, cancellationToken);
            }
            catch (HubException exception)
            {
                stage.Require(exception.Message.Contains("unavailable: nobody has published to", StringComparison.Ordinal), $"the reason, but \"{exception.Message}\"");
                refused++;
            }

            await hub.InvokeAsync("Unsubscribe", topic, cancellationToken);
        }

        return refused;
    }
}

/// <summary>A user who gives each connection another device name, and acknowledges on all of them.</summary>
internal sealed class DevicesWithoutEnd() : AttackScenario(
    "devices-without-end",
    "One user connects as one device after the other, and all of them acknowledge")
{
    /// <summary>A user's connections through one gateway.</summary>
    private const int ConnectionsAtOnce = 100;

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var (count, kept) = stage.Length((150, 100), (40, AttackRun.BriefDevices));
        var own = StreamName.User(Name);
        var position = await stage.Cluster.Publisher.PublishAsync(own, Notification.Create("NEWS", new { number = 1 }), cancellationToken);
        var open = new Queue<HubConnection>();
        try
        {
            for (var number = 0; number < count; number++)
            {
                if (open.Count == ConnectionsAtOnce)
                {
                    await open.Dequeue().DisposeAsync();
                }

                var hub = stage.Hub(Name, $"device-{number}");
                open.Enqueue(hub);
                await StartAsync(hub, cancellationToken);
                await AcknowledgeAsync(hub, own, position, cancellationToken);
            }

            // Those that were pushed out meanwhile are still there.
            for (var offset = 2; offset <= 4; offset++)
            {
                position = await stage.Cluster.Publisher.PublishAsync(own, Notification.Create("NEWS", new { number = offset }), cancellationToken);
                await Task.WhenAll(open.Select(hub => AcknowledgeAsync(hub, own, position, cancellationToken)));
            }
        }
        finally
        {
            // Who leaves has written what it acknowledged.
            await Task.WhenAll(open.Select(hub => hub.DisposeAsync().AsTask()));
        }

        var (database, cursors) = (stage.Cluster.RedisConnection.GetDatabase(), stage.Cluster.Names.Cursors(own));
        await Waiting.UntilAsync(
            async () => (await database.HashValuesAsync(cursors)).Any(cursor => cursor == position.Offset),
            "the last acknowledgement to be written", TimeSpan.FromSeconds(10), cancellationToken);
        var length = await database.HashLengthAsync(cursors);
        stage.Require(length <= kept, $"at most {kept} cursors, but {length}");
        return $"{length} cursors in Redis for {count} devices, as `Notifications:MaxDevices` keeps {kept} apart";
    }

    /// <summary>A user may begin five sessions a second.</summary>
    private static async Task StartAsync(HubConnection hub, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await hub.StartAsync(cancellationToken);
                return;
            }
            catch (WebSocketException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    private static Task AcknowledgeAsync(HubConnection hub, StreamName own, PublishResult position, CancellationToken cancellationToken) =>
        hub.InvokeAsync("Acknowledge", own.Value, position.Epoch, position.Offset, cancellationToken);
}
