using System.Net;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>
/// Appends over a connection of their own to the primary: StackExchange.Redis wakes four threads of the pool for a call, and that is most of what a
/// service that publishes one by one takes. While there is no such connection, and for what Redis answers with an error, the shared one serves: it loads scripts,
/// follows a primary that moves, and waits for one.
/// </summary>
/// <param name="shared">The connection that all share, which says where the primary is.</param>
/// <param name="connections">How it is connected to.</param>
/// <param name="script">What is run.</param>
/// <param name="logger">The log.</param>
internal sealed partial class DirectAppends(IConnectionMultiplexer shared, RedisConnections connections, Script script, ILogger logger) : IDisposable
{
    private const string Name = "notifications-publishing";

    private readonly Lock _starting = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ReconnectDelay _delay = new();
    private Thread? _thread;
    private volatile Standing? _standing;

    /// <summary>To be called when the last call is answered.</summary>
    public Task<RedisResult> RunAsync(RedisKey[] keys, RedisValue[] arguments)
    {
        Start();
        if (_standing is not { } standing)
        {
            return RunSharedAsync(keys, arguments);
        }

        if (!standing.Server.Equals(Primary()))
        {
            standing.Connection.Close();
            return RunSharedAsync(keys, arguments);
        }

        return RunAsync(standing, keys, arguments);
    }

    public void Dispose() => _ending.Cancel();

    private async Task<RedisResult> RunAsync(Standing standing, RedisKey[] keys, RedisValue[] arguments)
    {
        using var activity = MessagingTelemetry.StartScript(standing.Server);
        try
        {
            return await (standing.Connection.TryRunAsync(script.Hash, keys, arguments) ?? RunSharedAsync(keys, arguments));
        }
        catch (RedisServerException)
        {
            // What it did before that it does not do twice: it knows ids.
            return await RunSharedAsync(keys, arguments);
        }
    }

    private Task<RedisResult> RunSharedAsync(RedisKey[] keys, RedisValue[] arguments) => script.RunAsync(shared.GetDatabase(), keys, arguments);

    private void Start()
    {
        if (_thread is not null || !connections.AreKnown)
        {
            return;
        }

        lock (_starting)
        {
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = Name };
                // It serves everybody, not only who happens to publish first.
                _thread.UnsafeStart();
            }
        }
    }

    private void Run()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                if (Primary() is { } server)
                {
                    StandUntilLost(server);
                }
            }
            catch (Exception) when (_ending.IsCancellationRequested)
            {
                // It was to end.
            }
            catch (Exception exception)
            {
                // Many a Redis closes what was idle for a while.
                Lost(logger, exception is EndOfStreamException ? LogLevel.Information : LogLevel.Warning, exception);
            }

            _ending.Token.WaitHandle.WaitOne(_delay.Next());
        }
    }

    private void StandUntilLost(EndPoint server)
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        closing.CancelAfter(connections.ConnectTimeout);
        using var stream = connections.Open(server, closing.Token);
        var connection = new ScriptConnection(stream, closing, connections.AnswerTimeout);
        connection.Greet(connections.User, connections.Password, Name);
        closing.CancelAfter(Timeout.InfiniteTimeSpan);
        _delay.Reset();
        _standing = new Standing(server, connection);
        try
        {
            connection.ReadUntilLost();
        }
        finally
        {
            _standing = null;
        }
    }

    /// <returns>Null: there is none, or it is not known.</returns>
    private EndPoint? Primary()
    {
        try
        {
            // Any key: all lie on the same server.
            return shared.GetServer(RedisNames.Meta(""), flags: CommandFlags.DemandMaster) is { IsConnected: true, IsReplica: false } server ? server.EndPoint : null;
        }
        catch (Exception exception) when (exception is RedisException or InvalidOperationException)
        {
            // Who publishes meanwhile is told by the shared connection.
            return null;
        }
    }

    [LoggerMessage("The connection for publishing is lost or can't be made; until it stands again notifications go over the connection that all share.")]
    private static partial void Lost(ILogger logger, LogLevel level, Exception exception);

    private sealed record Standing(EndPoint Server, ScriptConnection Connection);
}
