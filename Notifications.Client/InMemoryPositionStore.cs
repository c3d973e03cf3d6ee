using System.Collections.Concurrent;

namespace Notifications.Client;

/// <summary>Keeps positions as long as this object exists. A client that starts without positions goes on at its device's cursor.</summary>
public sealed class InMemoryPositionStore : IPositionStore
{
    private readonly ConcurrentDictionary<string, Position> _positions = new(StringComparer.Ordinal);

    public ValueTask<Position?> LoadAsync(string stream, CancellationToken cancellationToken) =>
        new(_positions.TryGetValue(stream, out var position) ? position : null);

    public ValueTask SaveAsync(string stream, Position position, CancellationToken cancellationToken)
    {
        _positions[stream] = position;
        return default;
    }
}
