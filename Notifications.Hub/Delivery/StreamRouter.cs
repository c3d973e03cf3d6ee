using System.Collections.Concurrent;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The streams that connections of this instance are interested in: one Redis subscription for each, as long as there is one
/// connection that wants it.
/// </summary>
internal sealed class StreamRouter
{
    private readonly ConcurrentDictionary<StreamName, LocalStream> _streams = new();
    private readonly Func<StreamName, LocalStream> _create;

    public StreamRouter(LiveLink link, LiveChannels channels, HubTelemetry telemetry, ILogger<StreamRouter> logger)
    {
        _create = name => new LocalStream(name, link, channels, telemetry, logger, closed => _streams.TryRemove(KeyValuePair.Create(name, closed)));
        telemetry.ObserveStreams(() => _streams.Count);
        telemetry.ObserveLiveLink(() => link.Hears);
    }

    public int Count => _streams.Count;

    public IEnumerable<LocalStream> Streams => _streams.Values;

    /// <summary>When this returns, every notification published from now on is offered to the subscription.</summary>
    public async Task AddAsync(Subscription subscription)
    {
        while (!await _streams.GetOrAdd(subscription.Stream, _create).TryAddAsync(subscription))
        {
            // It closed meanwhile; the next one is new.
        }
    }

    public async Task RemoveAsync(Subscription subscription)
    {
        if (_streams.TryGetValue(subscription.Stream, out var stream))
        {
            await stream.RemoveAsync(subscription);
        }
    }
}
