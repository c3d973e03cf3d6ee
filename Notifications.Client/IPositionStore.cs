namespace Notifications.Client;

/// <summary>
/// Where a device keeps the position of the last notification that it handled in each stream. One store for each device: two
/// clients that share one would skip each other's notifications.
/// </summary>
public interface IPositionStore
{
    ValueTask<Position?> LoadAsync(string stream, CancellationToken cancellationToken);

    /// <summary>Called for one stream at a time, with the newest position; such as came while it ran are left out.</summary>
    ValueTask SaveAsync(string stream, Position position, CancellationToken cancellationToken);
}
