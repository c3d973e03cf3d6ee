using System.Text.Json;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Instances;

/// <summary>Listens on the live feed to messages between hubs (<see cref="HubMessages"/>), and passes each to the handlers.</summary>
internal sealed class HubMessageListener(
    Instance instance, IEnumerable<IHubMessageHandler> handlers, LiveChannels channels, LiveFeed feed, TimeProvider time, RedisFailures failures,
    ILogger<HubMessageListener> logger) : BackgroundService
{
    /// <summary>How often missed messages are looked for. After the live feed comes back, they are looked for at once.</summary>
    private static readonly TimeSpan SteadyPace = TimeSpan.FromSeconds(30);

    /// <summary>How often they are looked for until this has succeeded once. Before that no session begins.</summary>
    private static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _updating = new(1);
    private bool _hasCaughtUp;

    public override void Dispose()
    {
        _updating.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LiveSubscription[] subscriptions = [new(feed, () => channels.HubAsync(instance.Id), Hear), new(feed, channels.HubsAsync, Hear)];
        Func<IReadOnlySet<int>, Task> update = _ => UpdateAsync(subscriptions);
        feed.Restored += update;
        try
        {
            while (true)
            {
                await UpdateAsync(subscriptions);
                await Task.Delay(_hasCaughtUp ? SteadyPace : FirstPace, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            feed.Restored -= update;
        }
    }

    /// <summary>First listens, then reads. A message that comes in between is both heard and read.</summary>
    private async Task UpdateAsync(LiveSubscription[] subscriptions)
    {
        await _updating.WaitAsync();
        try
        {
            foreach (var subscription in subscriptions)
            {
                await subscription.BeginAsync();
            }

            foreach (var handler in handlers)
            {
                await handler.CatchUpAsync();
            }

            _hasCaughtUp = true;
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            failures.Report(exception, "This hub may miss messages of other hubs, or could not read the revocations. Known revocations still apply, and it tries again.");
        }
        finally
        {
            _updating.Release();
        }
    }

    private void Hear(ReadOnlySpan<byte> text)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, HubMessageJson.Default.HubMessage) is { } message)
            {
                // Handlers look at many connections. The thread that calls this reads the messages of all channels and must not wait.
                _ = Task.Run(() => HandleAsync(message));
            }
        }
        catch (JsonException exception)
        {
            Log.NotAHubMessage(logger, exception);
        }
    }

    private async Task HandleAsync(HubMessage message)
    {
        foreach (var handler in handlers)
        {
            try
            {
                await handler.HandleAsync(message);
            }
            catch (Exception exception)
            {
                Log.HubMessageNotHandled(logger, exception);
            }
        }
    }
}
