using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Notifications.Hubs.Backplane;

/// <summary>This instance's connections by a name that several may have: their user's, or a group's. Sends read a set while others change it.</summary>
internal sealed class ConnectionSets
{
    private readonly ConcurrentDictionary<string, ImmutableHashSet<LocalConnection>> _sets = new(StringComparer.Ordinal);

    public IEnumerable<LocalConnection> this[string name] => _sets.TryGetValue(name, out var set) ? set : [];

    public void Add(string name, LocalConnection connection) =>
        _sets.AddOrUpdate(name, static (_, added) => [added], static (_, set, added) => set.Add(added), connection);

    public void Remove(string name, LocalConnection connection)
    {
        // Until nobody else changed the set in between.
        while (_sets.TryGetValue(name, out var set))
        {
            var rest = set.Remove(connection);
            if (rest.IsEmpty ? _sets.TryRemove(KeyValuePair.Create(name, set)) : _sets.TryUpdate(name, rest, set))
            {
                return;
            }
        }
    }
}
