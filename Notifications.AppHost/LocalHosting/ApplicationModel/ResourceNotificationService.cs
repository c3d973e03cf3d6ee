using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Who wants to know what state the resources are in asks here.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _latest = [];
    private readonly List<ChannelWriter<ResourceEvent>> _watchers = [];

    internal void Publish(ResourceEvent change)
    {
        lock (_lock)
        {
            _latest[change.ResourceId] = change;
            _watchers.ForEach(watcher => watcher.TryWrite(change));
        }
    }

    /// <summary>The latest state of every replica, then each change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var changes = Channel.CreateUnbounded<ResourceEvent>();
        lock (_lock)
        {
            foreach (var latest in _latest.Values)
            {
                changes.Writer.TryWrite(latest);
            }

            _watchers.Add(changes.Writer);
        }

        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(changes.Writer);
            }
        }
    }

    /// <summary>By a replica's id, or by the name of a resource that has one replica only.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            if (_latest.TryGetValue(resourceId, out resourceEvent))
            {
                return true;
            }

            var named = _latest.Values.Where(latest => latest.Resource.Name == resourceId).Take(2).ToArray();
            resourceEvent = named.Length == 1 ? named[0] : null;
            return resourceEvent is not null;
        }
    }

    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (change.Resource.Name == resourceName && predicate(change))
            {
                return change;
            }
        }

        throw new OperationCanceledException($"The application ended before \"{resourceName}\" came into the state waited for.");
    }

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, change => change.Snapshot.State?.Text == (targetState ?? KnownResourceStates.Running), cancellationToken);

    /// <summary>Waits until one replica runs and its health check passes.</summary>
    /// <exception cref="DistributedApplicationException">A replica ended instead.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var change = await WaitForResourceAsync(
            resourceName, change => change.IsHealthy() || KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text), cancellationToken);
        return change.IsHealthy() ? change : throw new DistributedApplicationException(
            $"\"{change.ResourceId}\" is {change.Snapshot.State?.Text} (exit code {change.Snapshot.ExitCode?.ToString() ?? "unknown"}) and will not become healthy. Its log says why.");
    }
}

internal static class ResourceHealth
{
    public static bool IsHealthy(this ResourceEvent change) =>
        change.Snapshot.State?.Text == KnownResourceStates.Running && change.Snapshot.HealthStatus is HealthStatus.Healthy;
}
