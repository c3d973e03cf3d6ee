using System.Text.Json;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Instances;

/// <summary>Listens on the live link to messages between hubs (<see cref="HubMessages"/>), and passes each to the handlers.</summary>
internal sealed class HubMessageListener : BackgroundService
{
    /// <summary>How often missed messages are looked for. After the live link comes back, they are looked for at once.</summary>
    private static readonly TimeSpan SteadyPace = TimeSpan.FromSeconds(30);

    /// <summary>How often they are looked for until this has succeeded once. Before that no session begins.</summary>
    private static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _updating = new(1);
    private readonly IReadOnlyList<IHubMessageHandler> _handlers;
    private readonly LiveLink _link;
    private readonly TimeProvider _time;
    private readonly RedisFailures _failures;
    private readonly ILogger<HubMessageListener> _logger;
    private readonly LiveSubscription _all;
    private readonly LiveSubscription _own;
    private bool _hasCaughtUp;

    public HubMessageListener(
        Instance instance, IEnumerable<IHubMessageHandler> handlers, LiveChannels channels, LiveLink link, TimeProvider time, RedisFailures failures,
        ILogger<HubMessageListener> logger)
    {
        (_handlers, _link, _time, _failures, _logger) = ([.. handlers], link, time, failures, logger);
        _all = new LiveSubscription(link, channels.HubsAsync, Hear);
        _own = new LiveSubscription(link, () => channels.HubAsync(instance.Id), Hear);
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
                await Task.Delay(_hasCaughtUp ? SteadyPace : FirstPace, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            _link.Restored -= RestoredAsync;
        }
    }

    private Task RestoredAsync(IReadOnlySet<int> partitions) => UpdateAsync();

    /// <summary>First listens, then reads. A message that comes in between is both heard and read.</summary>
    private async Task UpdateAsync()
    {
        await _updating.WaitAsync();
        try
        {
            await _own.BeginAsync();
            await _all.BeginAsync();
            foreach (var handler in _handlers)
            {
                await handler.CatchUpAsync();
            }

            _hasCaughtUp = true;
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            _failures.Report(exception, "This hub may miss messages of other hubs, or could not read the revocations. Known revocations still apply, and it tries again.");
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
            Log.NotAHubMessage(_logger, exception);
        }
    }

    private async Task HandleAsync(HubMessage message)
    {
        foreach (var handler in _handlers)
        {
            try
            {
                await handler.HandleAsync(message);
            }
            catch (Exception exception)
            {
                Log.HubMessageNotHandled(_logger, exception);
            }
        }
    }
}
