using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs.Backplane;

/// <summary>The connections of one hub class that this instance holds, by what a send may name.</summary>
internal sealed class LocalConnections(ILogger logger)
{
    private readonly ConcurrentDictionary<string, LocalConnection> _connections = new(StringComparer.Ordinal);
    private readonly ConnectionSets _users = new();
    private readonly ConnectionSets _groups = new();

    public void Add(HubConnectionContext context)
    {
        var connection = new LocalConnection(context, _groups, logger);
        _connections[context.ConnectionId] = connection;
        if (context.UserIdentifier is { Length: > 0 } user)
        {
            _users.Add(user, connection);
        }
    }

    public void Remove(HubConnectionContext context)
    {
        if (!_connections.TryRemove(context.ConnectionId, out var connection))
        {
            return;
        }

        connection.LeaveAll();
        if (context.UserIdentifier is { Length: > 0 } user)
        {
            _users.Remove(user, connection);
        }
    }

    public bool TryFind(string id, [NotNullWhen(true)] out LocalConnection? connection) => _connections.TryGetValue(id, out connection);

    /// <summary>To those of the recipients that are here; twice to one that is in two of the groups.</summary>
    public void Write(Recipients recipients, SerializedHubMessage message)
    {
        var except = recipients.Except.Count > 0 ? recipients.Except.ToHashSet(StringComparer.Ordinal) : null;
        foreach (var connection in Of(recipients))
        {
            if (except?.Contains(connection.Context.ConnectionId) is not true)
            {
                connection.Write(message);
            }
        }
    }

    private IEnumerable<LocalConnection> Of(Recipients recipients) => recipients.Kind switch
    {
        RecipientKind.All => _connections.Select(connection => connection.Value),
        RecipientKind.Connections => recipients.Names.Select(id => _connections.GetValueOrDefault(id)).OfType<LocalConnection>(),
        RecipientKind.Users => recipients.Names.SelectMany(user => _users[user]),
        RecipientKind.Groups => recipients.Names.SelectMany(group => _groups[group]),
        _ => [],
    };
}
