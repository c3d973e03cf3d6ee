using System.Collections.Concurrent;

namespace Notifications.Client;

/// <summary>Positions that last as long as this object. A client that starts without them goes on after what its device acknowledged.</summary>
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
