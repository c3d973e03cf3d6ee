using System.Collections.Concurrent;
using Notifications.Testing.Clusters;
using Notifications.Messaging.Redis;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class RedisErrorsTests : IAsyncLifetime
{
    private const int Cuts = 100;
    private const int Callers = 16;

    private readonly RedisProcesses _processes = new();
    private readonly ConcurrentBag<Exception> _failures = [];
    private RedisProcess _redis = null!;
    private int _served;

    public async Task InitializeAsync() => _redis = await _processes.StartAsync();

    public Task DisposeAsync() => _processes.DisposeAsync().AsTask();

    [FactWithRedisServer]
    public async Task Whatever_commands_fail_with_while_their_connection_is_cut_is_an_error_of_Redis()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{_redis.ConnectionString},abortConnect=false,asyncTimeout=2000");
        using var ended = new CancellationTokenSource();
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallAsync(connection.GetDatabase(), ended.Token))).ToArray();
        for (var cut = 1; cut <= Cuts; cut++)
        {
            await _redis.SendAsync("CLIENT", "KILL", "TYPE", "normal");
            var served = Volatile.Read(ref _served);
            await Eventually.True(() => Volatile.Read(ref _served) > served + Callers, "Redis to be reached again");
        }

        await ended.CancelAsync();
        await Task.WhenAll(callers);

        Assert.All(_failures, failure => Assert.True(failure.IsFromRedis(), failure.ToString()));
        Assert.All(_failures, failure => Assert.True(failure.AsRedisError() is RedisException or TimeoutException, failure.ToString()));
    }

    private async Task CallAsync(IDatabase database, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await database.ScriptEvaluateAsync("return ARGV[1]", [], [new string('x', 500)]);
                Interlocked.Increment(ref _served);
            }
            catch (Exception exception)
            {
                _failures.Add(exception);
                await Task.Yield();
            }
        }
    }

    [Fact]
    public void A_defect_is_not_an_error_of_Redis()
    {
        var defect = Assert.Throws<InvalidOperationException>(() => Array.Empty<int>().First());

        Assert.False(defect.IsFromRedis());
        Assert.Same(defect, defect.AsRedisError());
    }
}
