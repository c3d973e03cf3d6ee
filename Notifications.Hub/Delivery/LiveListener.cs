using Notifications.Messaging.Redis;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Keeps up what it listens to over the live link, and what it has to read because of it: when the link is back or another, and at a slow
/// steady pace otherwise.
/// </summary>
internal abstract class LiveListener(LiveLink link, TimeProvider time) : BackgroundService
{
    /// <summary>The steady pace: what the live link tells of is not waited for.</summary>
    protected static readonly TimeSpan SteadyPace = TimeSpan.FromSeconds(30);

    /// <summary>For one without whose first update no session begins, until it has succeeded.</summary>
    protected static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _updating = new(1);

    public override void Dispose()
    {
        _updating.Dispose();
        base.Dispose();
    }

    /// <summary>The wait for the next update if nothing asks for one before.</summary>
    protected abstract TimeSpan Pace { get; }

    /// <summary>Begins to listen, if it does not yet, and then reads. Never runs twice at once.</summary>
    protected abstract Task UpdateAsync();

    /// <summary>Redis did not answer; the next update tries again.</summary>
    protected abstract void NotUpdated(Exception exception);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        link.Restored += RestoredAsync;
        try
        {
            while (true)
            {
                await UpdateInTurnAsync();
                await Task.Delay(Pace, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            link.Restored -= RestoredAsync;
        }
    }

    private Task RestoredAsync(IReadOnlySet<int> partitions) => UpdateInTurnAsync();

    private async Task UpdateInTurnAsync()
    {
        await _updating.WaitAsync();
        try
        {
            await UpdateAsync();
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            NotUpdated(exception);
        }
        finally
        {
            _updating.Release();
        }
    }
}
