using System.Security.Claims;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// A connection and the token that it lives by. A timer closes it at a random moment between the token's expiry and
/// <see cref="TokenOptions.ExpirySpread"/> after it.
/// </summary>
/// <remarks>
/// A timer each, and no queue of our own: .NET keeps timers that are far off in a list apart, where one costs nothing until it is due, and
/// adding and removing it takes the same time however many there are.
/// </remarks>
internal sealed class TokenSession : IDisposable
{
    /// <summary>A timer takes no more than 49 days, and a clock may be set meanwhile.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly HubCallerContext _connection;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly Action _onExpired;
    private readonly ITimer _timer;

    /// <param name="connection">What is to be closed.</param>
    /// <param name="spread">Of the moments at which connections are closed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onExpired">Called when the token has ended, once the connection is told to close.</param>
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

    /// <summary>Of the newest token: a client that polls sends one with each poll.</summary>
    public ClaimsPrincipal? Caller => _connection.Features.Get<IConnectionUserFeature>()?.User;

    /// <summary>It is to <see cref="NotificationHub"/>, which tells its clients to <c>reconnect</c>.</summary>
    public bool IsDelivered => _connection.Features.Get<ConnectionDelivery>() is not null;

    /// <summary>What the requests of this connection name it by, if they do: a secret of its client.</summary>
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
            // A timer of zero comes at once; it may come a little early too, and then waits for the rest.
            var wait = remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining < LongestWait ? remaining : LongestWait;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private TimeSpan? Remaining() => TokenTimes.Expiry(Caller) - _time.GetUtcNow() + _grace;
}
