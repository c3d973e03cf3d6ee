using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Operators;

/// <summary>
/// Reads the registry each second while operators are connected to this instance, and sends the list to them. Each instance does this for its own operators. So
/// no send goes over Redis: a send to a connection of the same instance does not need it.
/// </summary>
internal sealed class InstanceFeed(IHubContext<OperatorHub> hub, InstanceRegistry registry, TimeProvider time, RedisFailures failures) : BackgroundService
{
    /// <summary>As often as instances report about themselves.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long a read may take. Operators have to know at once that Redis is away, and not after its time limit of 5 s.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(2);

    /// <summary>The operators' connections, each with the last send to it.</summary>
    private readonly ConcurrentDictionary<string, Task> _operators = new(StringComparer.Ordinal);

    public void Add(string connection) => _operators[connection] = Task.CompletedTask;

    public void Remove(string connection) => _operators.TryRemove(connection, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (!_operators.IsEmpty)
                {
                    await TellAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task TellAsync(CancellationToken stopping)
    {
        try
        {
            Send(OperatorHub.Instances, new InstanceList(await registry.ObserveAsync(stopping).WaitAsync(ReadLimit, time, stopping)));
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            failures.Report(exception, "The list of hub instances is not sent to operators.");
            Send(OperatorHub.Unavailable, exception.Reason());
        }
    }

    /// <summary>Sends without waiting. A client that has not taken the last message yet gets none this time.</summary>
    private void Send(string method, object argument)
    {
        foreach (var (connection, last) in _operators)
        {
            if (last.IsCompleted)
            {
                _operators.TryUpdate(connection, SendAsync(hub.Clients.Client(connection), method, argument), last);
            }
        }
    }

    private async Task SendAsync(IClientProxy client, string method, object argument)
    {
        try
        {
            await client.SendAsync(method, argument);
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            // The connection has just ended. SignalR then sends over Redis, because the connection might be at another instance.
        }
    }
}
