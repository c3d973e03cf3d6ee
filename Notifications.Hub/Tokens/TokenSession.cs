using System.Security.Claims;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// A connection and its token. A timer closes the connection at a random moment between the token's expiry and
/// <see cref="TokenOptions.ExpirySpread"/> after it.
/// </summary>
/// <remarks>
/// Each connection has a timer, without a queue of our own. .NET keeps distant timers in a separate list, where a timer costs nothing until it is due. Adding
/// and removing one takes the same time, however many there are.
/// </remarks>
internal sealed class TokenSession : IDisposable
{
    /// <summary>A timer takes at most 49 days, and the clock may be set in the meantime.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly HubCallerContext _connection;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly Action _onExpired;
    private readonly ITimer _timer;

    public TokenSession(HubCallerContext connection, TimeSpan spread, TimeProvider time, Action onExpired)
    {
        (_connection, _time, _onExpired) = (connection, time, onExpired);
        Key = connection.GetHttpContext()?.Request.Query[TokenSessions.KeyParameter].ToString() ?? "";
        _grace = spread * Random.Shared.NextDouble();
        _timer = time.CreateTimer(_ => CloseIfExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wait();
    }

    public string ConnectionId => _connection.ConnectionId;

    public string? User => _connection.UserIdentifier;

    /// <summary>The user of the newest token. A client that polls sends a token with each poll.</summary>
    public ClaimsPrincipal? Caller => _connection.Features.Get<IConnectionUserFeature>()?.User;

    /// <summary>Whether it is a connection to <see cref="NotificationHub"/>, which tells its clients to <c>reconnect</c>.</summary>
    public bool IsDelivered => _connection.Features.Get<ConnectionDelivery>() is not null;

    /// <summary>The key by which requests name this connection; empty: they name none. A secret of the client.</summary>
    public string Key { get; }

    public void Close() => _connection.Features.CloseForNow();

    public void Dispose() => _timer.Dispose();

    private void CloseIfExpired()
    {
        if (Remaining() is { } remaining && remaining <= TimeSpan.Zero)
        {
            Close();
            _onExpired();
        }
        else
        {
            Wait();
        }
    }

    private void Wait()
    {
        if (Remaining() is { } remaining)
        {
            // A timer of zero fires at once. A timer may fire a little early, and then this waits for the rest.
            var wait = remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining < LongestWait ? remaining : LongestWait;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private TimeSpan? Remaining() => TokenTimes.Expiry(Caller) - _time.GetUtcNow() + _grace;
}
