namespace Notifications.Client;

/// <summary>
/// Where a device keeps the position of the last notification that it handled in each stream. Each device needs a store of its own:
/// two clients that share a store would skip each other's notifications.
/// </summary>
public interface IPositionStore
{
    ValueTask<Position?> LoadAsync(string stream, CancellationToken cancellationToken);

    /// <summary>
    /// Saves the newest position of a stream. For each stream only one call runs at a time: of the positions that come
    /// during the call, only the newest is saved next. Calls for different streams may run at the same time.
    /// </summary>
    ValueTask SaveAsync(string stream, Position position, CancellationToken cancellationToken);
}
