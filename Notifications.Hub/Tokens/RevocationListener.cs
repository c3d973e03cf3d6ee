using Notifications.Hubs.Delivery;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// Hears what operators say about users. What was said while the live link was away is read from Redis when it is back, and at a slow
/// steady pace otherwise.
/// </summary>
internal sealed class RevocationListener(
    Revocations revocations, TokenSessions sessions, RevocationStore store, LiveChannels channels, LiveLink link, TimeProvider time, ILogger<RevocationListener> logger)
    : BackgroundService
{
    private static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(30);

    /// <summary>Until they have been read for the first time, no session begins.</summary>
    private static readonly TimeSpan FirstReadInterval = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _updating = new(1);
    private ISubscriber? _subscriber;
    private ChannelMessageQueue? _ends;

    public override void Dispose()
    {
        _updating.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        link.Restored += RestoredAsync;
        try
        {
            while (true)
            {
                await UpdateAsync();
                await Task.Delay(revocations.AreRead ? ReadInterval : FirstReadInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            link.Restored -= RestoredAsync;
        }
    }

    private Task RestoredAsync(IReadOnlySet<int> partitions) => UpdateAsync();

    /// <summary>First listens, then reads: what is said in between is known twice.</summary>
    private async Task UpdateAsync()
    {
        await _updating.WaitAsync();
        try
        {
            await ListenAsync(await link.GetSubscriberAsync());
            revocations.Read(await store.ListAsync(revocations.Oldest));
            sessions.EndRevoked();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Log.RevocationsNotRead(logger, exception);
        }
        finally
        {
            _updating.Release();
        }
    }

    private async Task ListenAsync(ISubscriber subscriber)
    {
        if (_ends is not null && _subscriber?.Multiplexer == subscriber.Multiplexer)
        {
            if (subscriber.SubscribedEndpoint(_ends.Channel) is not null)
            {
                return;
            }

            await _ends.UnsubscribeAsync();
        }

        var channel = await channels.UserEndsAsync();
        try
        {
            // Where the publishers' server counts it, as for streams.
            var ends = await subscriber.SubscribeAsync(channel, CommandFlags.DemandMaster);
            ends.OnMessage(message => Hear((string?)message.Message));
            (_ends, _subscriber) = (ends, subscriber);
        }
        catch
        {
            // SE.Redis keeps what it could not subscribe to and does so later, into a queue that nobody reads.
            await subscriber.UnsubscribeAsync(channel);
            throw;
        }
    }

    private void Hear(string? message)
    {
        if (!UserEnd.TryParse(message, out var end))
        {
            Log.NotAUserEnd(logger);
            return;
        }

        if (end.RevokedUntil is { } until)
        {
            revocations.Learn(KeyValuePair.Create(end.User, until));
        }

        sessions.End(end.User);
    }
}
