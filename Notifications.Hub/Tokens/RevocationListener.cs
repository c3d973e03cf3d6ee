using Notifications.Hubs.Delivery;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// Hears what operators say about users. What was said while the live link was away is read from Redis when it is back, and at a slow
/// steady pace otherwise.
/// </summary>
internal sealed class RevocationListener : BackgroundService
{
    private static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(30);

    /// <summary>Until they have been read for the first time, no session begins.</summary>
    private static readonly TimeSpan FirstReadInterval = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _updating = new(1);
    private readonly Revocations _revocations;
    private readonly TokenSessions _sessions;
    private readonly RevocationStore _store;
    private readonly LiveLink _link;
    private readonly TimeProvider _time;
    private readonly ILogger<RevocationListener> _logger;
    private readonly LiveSubscription _ends;

    public RevocationListener(
        Revocations revocations, TokenSessions sessions, RevocationStore store, LiveChannels channels, LiveLink link, TimeProvider time, ILogger<RevocationListener> logger)
    {
        (_revocations, _sessions, _store, _link, _time, _logger) = (revocations, sessions, store, link, time, logger);
        _ends = new LiveSubscription(channels.UserEndsAsync, message => Hear((string?)message));
    }

    public override void Dispose()
    {
        _updating.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _link.Restored += RestoredAsync;
        try
        {
            while (true)
            {
                await UpdateAsync();
                await Task.Delay(_revocations.AreRead ? ReadInterval : FirstReadInterval, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            _link.Restored -= RestoredAsync;
        }
    }

    private Task RestoredAsync(IReadOnlySet<int> partitions) => UpdateAsync();

    /// <summary>First listens, then reads: what is said in between is known twice.</summary>
    private async Task UpdateAsync()
    {
        await _updating.WaitAsync();
        try
        {
            await _ends.ListenAsync(await _link.GetSubscriberAsync());
            _revocations.Read(await _store.ListAsync(_revocations.Oldest));
            _sessions.EndRevoked();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Log.RevocationsNotRead(_logger, exception);
        }
        finally
        {
            _updating.Release();
        }
    }

    private void Hear(string? message)
    {
        if (!UserEnd.TryParse(message, out var end))
        {
            Log.NotAUserEnd(_logger);
            return;
        }

        if (end.RevokedUntil is { } until)
        {
            _revocations.Learn(KeyValuePair.Create(end.User, until));
        }

        _sessions.End(end.User);
    }
}
