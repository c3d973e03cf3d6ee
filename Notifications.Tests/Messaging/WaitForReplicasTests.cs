using System.Net;
using System.Net.Http.Json;
using Notifications.Testing.Clusters;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Tests.Hub;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class WaitForReplicasTests : IAsyncLifetime
{
    private readonly RedisProcesses _redis = new();
    private readonly StreamName _stream = TestMessaging.NewStream();
    private RedisProcess? _primary;
    private RedisProcess? _replica;
    private TcpProxy? _replication;

    private RedisProcess Primary => _primary!;

    private RedisProcess Replica => _replica!;

    private TcpProxy Replication => _replication!;

    public async Task InitializeAsync()
    {
        if (RedisServerProcess.IsInstalled)
        {
            _primary = await _redis.StartAsync();
            _replication = TcpProxy.Start(_primary.EndPoint);
            _replica = await _redis.StartReplicaAsync(_replication.Port);
        }
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        if (_replication is not null)
        {
            await _replication.DisposeAsync();
        }
    }

    [FactWithRedisServer]
    public async Task A_publish_returns_when_the_replica_has_it()
    {
        await using var messaging = await StartAsync();
        for (var number = 1; number <= 20; number++)
        {
            await messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number));
            Assert.Equal($"{number}", await Replica.SendAsync("LLEN", Names.Default.Log(_stream).ToString()));
        }
    }

    [FactWithRedisServer]
    public async Task Several_and_many_at_once_are_confirmed_in_their_order()
    {
        await using var messaging = await StartAsync();
        var several = await messaging.Publisher.PublishAsync([.. Enumerable.Range(1, 300).Select(number => (_stream, TestMessaging.Numbered(number)))]);
        Assert.Equal(Enumerable.Range(1, 300).Select(offset => (long)offset), several.Select(result => result.Offset));

        await Task.WhenAll(Enumerable.Range(1, 300).Select(number => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))));
        Assert.Equal("600", await Replica.SendAsync("LLEN", Names.Default.Log(_stream).ToString()));
    }

    [FactWithRedisServer]
    public async Task A_replica_that_does_not_confirm_in_time_fails_the_publish_and_the_same_id_asks_it_again()
    {
        await using var messaging = await StartAsync(wait: TimeSpan.FromMilliseconds(200));
        await messaging.PublishAsync(_stream, 1);
        Replication.Swallow();

        var notification = TestMessaging.Numbered(2);
        var failure = await Assert.ThrowsAsync<NotReplicatedException>(() => messaging.Publisher.PublishAsync(_stream, notification));
        Assert.Contains("0 of 1 replicas confirmed it", failure.Message, StringComparison.Ordinal);
        Assert.Contains("again with the same id", failure.Message, StringComparison.Ordinal);
        // It is known by now, also to a publisher of another process; that does not make it confirmed.
        await using var other = await StartAsync(wait: TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAsync<NotReplicatedException>(() => other.Publisher.PublishAsync(_stream, notification));

        Replication.Resume();
        await Replication.CutAsync();
        PublishResult? result = null;
        await Eventually.True(
            async () =>
            {
                try
                {
                    result = await other.Publisher.PublishAsync(_stream, notification);
                    return true;
                }
                catch (NotReplicatedException)
                {
                    return false;
                }
            },
            "the replica to be back");
        Assert.Equal((2, true), (result!.Offset, result.Duplicate));
        Assert.Equal("2", await Replica.SendAsync("LLEN", Names.Default.Log(_stream).ToString()));
    }

    [FactWithRedisServer]
    public async Task What_was_confirmed_survives_the_primary()
    {
        await using var messaging = await StartAsync(wait: TimeSpan.FromMilliseconds(200));
        await messaging.PublishAsync(_stream, 10);

        await Primary.KillAsync();
        await Replica.SendAsync("REPLICAOF", "NO", "ONE");
        await using var promoted = await RedisProcesses.ConnectAsync(Replica);
        await using var after = TestMessaging.On(promoted);
        Assert.Equal(10, (await after.Log.ReadAfterAsync(_stream, 0, 100)).Entries.Count);
        await Assert.ThrowsAnyAsync<RedisException>(() => messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(11)));
    }

    [FactWithRedisServer]
    public async Task Over_TLS_with_an_authority_that_the_machine_does_not_know()
    {
        using var certificates = new TestCertificates();
        var port = FreePorts.Next();
        var primary = await _redis.StartAsync(certificates.RedisArguments(port));
        await _redis.StartReplicaAsync(primary.EndPoint.Port);
        var options = ConfigurationOptions.Parse($"localhost:{port},ssl=true");
        options.TrustIssuer(certificates.AuthorityFile);
        await using var messaging = TestMessaging.On(await ConnectionMultiplexer.ConnectAsync(options), limits => limits.WaitForReplicas = 1, options);

        await messaging.PublishAsync(_stream, 3);

        await using var hub = await HubHost.StartAsync(
            $"localhost:{port},ssl=true", (Notifications.AspNetCore.Redis.AuthorityFile, certificates.AuthorityFile), ("Notifications:WaitForReplicas", "1"));
        using var http = hub.As("service", Notifications.AspNetCore.TokenNames.PublisherRole);
        using var answer = await http.PostAsJsonAsync("/api/notifications", new { stream = _stream.Value, type = "T", payload = 4 });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("4", await primary.SendAsync("LLEN", Names.Default.Log(_stream).ToString()));
    }

    private async Task<TestMessaging> StartAsync(TimeSpan? wait = null) => TestMessaging.On(
        await RedisProcesses.ConnectAsync(Primary),
        options => (options.WaitForReplicas, options.WaitTimeout) = (1, wait ?? TimeSpan.FromSeconds(4)));
}
