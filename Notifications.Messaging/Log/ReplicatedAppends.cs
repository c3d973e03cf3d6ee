using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Appends notifications and waits until replicas confirm them. Redis's WAIT covers the earlier writes of its own connection, and blocks that connection until
/// it is answered. So these appends have a connection of their own. One WAIT covers all appends that were queued during the WAIT before.
/// </summary>
internal sealed class ReplicatedAppends(RedisConnections connections, IOptions<NotificationOptions> options) : IDisposable
{
    private const int MaxBatch = 256;
    private const string ConnectionName = "notifications-waiting-for-replicas";

    private readonly Channel<Append> _queue = Channel.CreateUnbounded<Append>();
    private readonly SemaphoreSlim _batching = new(1);
    private IConnectionMultiplexer? _connection;

    private sealed record Append(Script Script, RedisKey[] Keys, RedisValue[] Arguments)
    {
        public TaskCompletionSource<RedisResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Runs a script that writes, in the order of the calls. Returns when enough replicas have confirmed the write.</summary>
    /// <exception cref="NotReplicatedException">Too few replicas confirmed the write in time.</exception>
    public Task<RedisResult> RunAsync(Script script, RedisKey[] keys, RedisValue[] arguments)
    {
        var append = new Append(script, keys, arguments);
        _queue.Writer.TryWrite(append);
        _ = RunBatchAsync();
        return append.Result.Task;
    }

    public void Dispose()
    {
        _batching.Dispose();
        _connection?.Dispose();
    }

    /// <summary>The first caller takes all appends that are queued by then. The callers behind it find an empty queue.</summary>
    private async Task RunBatchAsync()
    {
        await _batching.WaitAsync();
        try
        {
            var batch = new List<Append>();
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var append))
            {
                batch.Add(append);
            }

            if (batch.Count > 0)
            {
                await RunAsync(batch);
            }
        }
        finally
        {
            _batching.Release();
        }
    }

    private async Task RunAsync(List<Append> batch)
    {
        try
        {
            var redis = _connection ??= await connections.ConnectAsync(ConnectionName);
            var parts = batch.GroupBy(append => redis.GetServer(append.Keys[0], flags: CommandFlags.DemandMaster).EndPoint);
            await Task.WhenAll(parts.Select(part => RunAsync(redis.GetServer(part.Key), [.. part])));
        }
        catch (Exception exception) when (exception is RedisException or InvalidOperationException)
        {
            foreach (var append in batch)
            {
                append.Result.TrySetException(new RedisConnectionException(
                    ConnectionFailureType.UnableToConnect, CommandFlags.None, $"Redis has no connected primary that takes the notification: {exception.Message}", exception));
            }
        }
    }

    private async Task RunAsync(IServer server, List<Append> appends)
    {
        // Send the scripts and then WAIT, without waiting for answers. They go out on one connection, or they fail. A script must not be redirected to another
        // server, because its WAIT would not follow.
        var answers = appends.Select(append => append.Script.RunAsync(server, append.Keys, append.Arguments)).ToArray();
        var waiting = server.ExecuteAsync(
            "WAIT", [options.Value.WaitForReplicas, (long)options.Value.WaitTimeout.TotalMilliseconds], CommandFlags.NoRedirect);
        var confirmed = 0L;
        Exception? failure = null;
        try
        {
            confirmed = (long)await waiting;
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            failure = exception;
        }

        foreach (var (append, answer) in appends.Zip(answers))
        {
            await CompleteAsync(append, answer, confirmed, failure);
        }
    }

    private async Task CompleteAsync(Append append, Task<RedisResult> answer, long confirmed, Exception? failure)
    {
        try
        {
            var result = await answer;
            if (confirmed >= options.Value.WaitForReplicas)
            {
                append.Result.SetResult(result);
            }
            else
            {
                append.Result.SetException(failure ?? new NotReplicatedException(
                    $"Redis took the notification, and within {options.Value.WaitTimeout} {confirmed} of {options.Value.WaitForReplicas} replicas confirmed it ({NotificationOptions.Section}:{nameof(NotificationOptions.WaitForReplicas)}). It may or may not survive the primary: publish it again with the same id."));
            }
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            append.Result.SetException(exception);
        }
    }
}
