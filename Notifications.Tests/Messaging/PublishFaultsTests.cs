using System.Collections.Concurrent;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

/// <summary>Publishing while Redis forgets, stands still, is cut off, is killed, or has another primary.</summary>
public sealed class PublishFaultsTests : IAsyncLifetime
{
    private const int Many = 1_000;

    private readonly RedisProcesses _processes = new();
    private readonly StreamName _stream = TestMessaging.NewStream();
    private RedisProcess _redis = null!;
    private IConnectionMultiplexer _connection = null!;
    private TestMessaging _messaging = null!;

    public async Task InitializeAsync()
    {
        _redis = await _processes.StartAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync($"{_redis.ConnectionString},asyncTimeout=2000,abortConnect=false");
        _messaging = TestMessaging.On(_connection);
    }

    public async Task DisposeAsync()
    {
        await _messaging.DisposeAsync();
        await _connection.DisposeAsync();
        await _processes.DisposeAsync();
    }

    [FactWithRedisServer]
    public async Task A_script_that_Redis_has_forgotten_is_loaded_again()
    {
        await _messaging.PublishAsync(_stream, 2);
        await _redis.SendAsync("SCRIPT", "FLUSH");

        Assert.Equal(3, (await _messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(3))).Offset);
    }

    [FactWithRedisServer]
    public async Task The_first_calls_of_a_service_are_in_their_order_also_while_Redis_stands_still()
    {
        // A script counts as a write, and the first one asks for the kind of server.
        await _redis.SendAsync("CLIENT", "PAUSE", "60000", "WRITE");
        var publishes = Enumerable.Range(1, Many).Select(number => _messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(number))).ToArray();
        await _redis.SendAsync("CLIENT", "UNPAUSE");

        Assert.Equal(Enumerable.Range(1, Many).Select(number => (long)number), (await Task.WhenAll(publishes)).Select(result => result.Offset));
    }

    [FactWithRedisServer]
    public async Task A_Redis_that_does_not_answer_is_waited_for_no_longer_than_the_connection_string_says()
    {
        await _messaging.PublishAsync(_stream, 1);
        await _redis.SendAsync("CLIENT", "PAUSE", "60000", "WRITE");
        var notifications = Enumerable.Range(2, Many).Select(TestMessaging.Numbered).ToArray();

        // All of them in one time-out, not one after the other.
        var publishes = notifications.Select(notification => _messaging.Publisher.PublishAsync(_stream, notification)).ToArray();
        await Task.WhenAll(publishes).ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.All(publishes, publish => Assert.True(publish.Exception?.InnerException is RedisException or TimeoutException, publish.Status.ToString()));
        await _redis.SendAsync("CLIENT", "UNPAUSE");
        Assert.Equal(2, (await _messaging.Publisher.PublishAsync(_stream, notifications[0])).Offset);
    }

    [FactWithRedisServer]
    public async Task What_many_callers_get_while_the_connection_is_cut_is_an_offset_or_an_error_of_Redis()
    {
        const int cuts = 30;
        const int callers = 16;
        var offsets = new ConcurrentBag<long>();
        var failures = new ConcurrentBag<Exception>();
        using var ended = new CancellationTokenSource();

        var publishing = Enumerable.Range(0, callers).Select(_ => Task.Run(PublishAsync)).ToArray();
        for (var cut = 0; cut < cuts; cut++)
        {
            await _redis.SendAsync("CLIENT", "KILL", "TYPE", "normal");
            var taken = offsets.Count;
            await Eventually.True(() => offsets.Count > taken + callers, "Redis to be reached again");
        }

        await ended.CancelAsync();
        await Task.WhenAll(publishing);

        Assert.NotEmpty(failures);
        Assert.All(failures, failure => Assert.True(failure is RedisException or TimeoutException, failure.ToString()));
        Assert.Equal(offsets.Count, offsets.Distinct().Count());

        async Task PublishAsync()
        {
            while (!ended.IsCancellationRequested)
            {
                try
                {
                    offsets.Add((await _messaging.Publisher.PublishAsync(_stream, TestMessaging.Numbered(0))).Offset);
                }
                catch (Exception exception)
                {
                    failures.Add(exception);
                    await Task.Yield();
                }
            }
        }
    }

    [FactWithRedisServer]
    public async Task Publishing_goes_on_when_Redis_was_killed_and_is_back()
    {
        await _messaging.PublishAsync(_stream, 3);
        await _redis.KillAsync();
        var publish = _messaging.PublishUntilTakenAsync(_stream, 4);
        await _redis.StartAsync(CancellationToken.None);

        // It kept nothing.
        Assert.Equal(1, (await publish).Offset);
    }

    [FactWithRedisServer]
    public async Task Publishing_follows_the_primary()
    {
        var replica = await _processes.StartReplicaAsync(_redis.EndPoint.Port);
        await using var both = await ConnectionMultiplexer.ConnectAsync(
            $"{_redis.ConnectionString},{replica.ConnectionString},asyncTimeout=2000,abortConnect=false,configCheckSeconds=1");
        await using var messaging = TestMessaging.On(both);
        await messaging.PublishUntilTakenAsync(_stream, 1);
        await replica.SendAsync("REPLICAOF", "NO", "ONE");
        await _redis.SendAsync("REPLICAOF", "127.0.0.1", $"{replica.EndPoint.Port}");

        var number = 1;
        await Eventually.True(
            async () =>
            {
                await messaging.PublishUntilTakenAsync(_stream, ++number);
                return await replica.SendAsync("LLEN", Names.Default.Log(_stream).ToString()) != "1";
            },
            "a notification in the new primary's log",
            TimeSpan.FromSeconds(30));
    }
}
