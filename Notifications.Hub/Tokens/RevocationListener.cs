using System.Text;
using Notifications.Hubs.Delivery;
using Notifications.Messaging.Redis;
using Notifications.Messaging.Registry;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// Hears what operators say about users. What was said while the live link was away is read from Redis when it is back, and at a slow
/// steady pace otherwise.
/// </summary>
internal sealed class RevocationListener : LiveListener
{
    private readonly Revocations _revocations;
    private readonly TokenSessions _sessions;
    private readonly RevocationStore _store;
    private readonly ILogger<RevocationListener> _logger;
    private readonly LiveSubscription _ends;

    public RevocationListener(
        Revocations revocations, TokenSessions sessions, RevocationStore store, LiveChannels channels, LiveLink link, TimeProvider time, ILogger<RevocationListener> logger)
        : base(link, time)
    {
        (_revocations, _sessions, _store, _logger) = (revocations, sessions, store, logger);
        _ends = new LiveSubscription(link, channels.UserEndsAsync, message => Hear(Encoding.UTF8.GetString(message)));
    }

    protected override TimeSpan Pace => _revocations.AreRead ? SteadyPace : FirstPace;

    /// <summary>First listens, then reads: what is said in between is known twice.</summary>
    protected override async Task UpdateAsync()
    {
        await _ends.BeginAsync();
        _revocations.Read(await _store.ListAsync(_revocations.Oldest));
        _sessions.EndRevoked();
    }

    protected override void NotUpdated(Exception exception) => Log.RevocationsNotRead(_logger, exception);

    private void Hear(string? message)
    {
        if (!UserEnd.TryParse(message, out var end))
        {
            Log.NotAUserEnd(_logger);
            return;
        }

        // It looks at every session there is, and who calls this reads for everybody.
        _ = Task.Run(() => Take(end));
    }

    private void Take(UserEnd end)
    {
        if (end.RevokedUntil is { } until)
        {
            _revocations.Learn(KeyValuePair.Create(end.User, until));
        }

        _sessions.End(end.User);
    }
}
