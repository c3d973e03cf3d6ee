using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Tokens;

/// <summary>The connections of this instance and their tokens. A connection is closed when its token expires, or when an operator ends it.</summary>
internal sealed class TokenSessions(
    Revocations revocations, RevocationStore store, HubTelemetry telemetry, IOptions<TokenOptions> options, TimeProvider time, ILogger<TokenSessions> logger)
    : IHubFilter, IHubMessageHandler
{
    /// <summary>The query parameter by which a request names a connection that exists.</summary>
    public const string KeyParameter = "id";

    private readonly ConcurrentDictionary<string, TokenSession> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string?> _users = new(StringComparer.Ordinal);

    /// <summary>Runs before anything is delivered to the connection.</summary>
    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        var connection = context.Context;
        var session = new TokenSession(connection, options.Value.ExpirySpread, time, () => Expired(connection));
        _open[connection.ConnectionId] = session;
        if (session.Key.Length > 0)
        {
            _users[session.Key] = session.User;
        }

        connection.OnEnded(() => Forget(session));
        // The token was checked when the connection began. It may have been revoked since, before this connection was in the list.
        if (revocations.Of(session.Caller) is not null)
        {
            Close(session);
        }

        return next(context);
    }

    /// <summary>Whether the connection with this key belongs to another user.</summary>
    public bool IsOthers(string key, string? user) => _users.TryGetValue(key, out var owner) && owner != user;

    public Task HandleAsync(HubMessage message)
    {
        if (message.UserEnd is { } end)
        {
            if (end.RevokedUntil is { } until)
            {
                revocations.Learn(KeyValuePair.Create(end.User, until));
            }

            Close(session => session.User == end.User);
        }

        return Task.CompletedTask;
    }

    /// <summary>Reads revocations that this instance may have missed.</summary>
    public async Task CatchUpAsync()
    {
        revocations.Read(await store.ListAsync(revocations.Oldest));
        Close(session => revocations.Of(session.Caller) is not null);
    }

    /// <summary>Closes these of the present connections, each at a random moment within the window.</summary>
    public Task EndAsync(Func<TokenSession, bool> isMeant, TimeSpan window, CancellationToken cancellationToken) =>
        Task.WhenAll(_open.Values.Where(isMeant).Select(async session =>
        {
            await Task.Delay(window * Random.Shared.NextDouble(), time, cancellationToken);
            if (_open.ContainsKey(session.ConnectionId))
            {
                Close(session, EndReason.Drain);
            }
        }));

    private void Forget(TokenSession session)
    {
        _open.TryRemove(session.ConnectionId, out _);
        _users.TryRemove(session.Key, out _);
        session.Dispose();
    }

    /// <summary>Looks at every connection, because it is called rarely.</summary>
    private void Close(Func<TokenSession, bool> isMeant)
    {
        foreach (var session in _open.Values.Where(isMeant))
        {
            Close(session);
        }
    }

    private void Close(TokenSession session, string reason = EndReason.Operator)
    {
        session.Close();
        telemetry.Ended(reason);
        Log.ConnectionEnded(logger, session.ConnectionId, session.User);
    }

    private void Expired(HubCallerContext connection)
    {
        telemetry.Ended(EndReason.Expired);
        Log.TokenExpired(logger, connection.ConnectionId, connection.UserIdentifier);
    }
}

/// <summary>The reasons why this instance closed a connection.</summary>
internal static class EndReason
{
    public const string Expired = "expired";
    public const string Operator = "operator";
    public const string Drain = "drain";
}
