using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Backplane;

/// <summary>A connection that this instance holds, and the groups that it is in.</summary>
internal sealed class LocalConnection(HubConnectionContext context, ConnectionSets groups, ILogger logger)
{
    /// <summary>A client that does not keep up is closed before what waits for it takes more memory than this. One that reads nothing is closed sooner, by <c>Delivery:SendTimeout</c>.</summary>
    public const int MaxUnwritten = 10_000;

    private readonly Lock _lock = new();
    private HashSet<string>? _names;
    private bool _left;
    private int _unwritten;

    public HubConnectionContext Context => context;

    public void Join(string group)
    {
        lock (_lock)
        {
            if (!_left && (_names ??= new(StringComparer.Ordinal)).Add(group))
            {
                groups.Add(group, this);
            }
        }
    }

    public void Leave(string group)
    {
        lock (_lock)
        {
            if (_names?.Remove(group) is true)
            {
                groups.Remove(group, this);
            }
        }
    }

    /// <summary>For good: who joins it to a group at the same time does so in vain.</summary>
    public void LeaveAll()
    {
        lock (_lock)
        {
            _left = true;
            foreach (var group in _names ?? [])
            {
                groups.Remove(group, this);
            }
        }
    }

    /// <summary>After what was written before. Waits for no client: whoever calls this writes to many.</summary>
    public void Write(SerializedHubMessage message)
    {
        var write = context.WriteAsync(message).AsTask();
        if (!write.IsCompleted)
        {
            _ = WaitAsync(write);
        }
    }

    private async Task WaitAsync(Task write)
    {
        if (Interlocked.Increment(ref _unwritten) > MaxUnwritten)
        {
            Log.TooMuchUnwritten(logger, context.ConnectionId, MaxUnwritten);
            context.Abort();
        }

        // SignalR logs what fails and closes the connection.
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _unwritten);
    }
}
