using System.Collections.Concurrent;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// The streams that connections of this instance subscribe to. Each has one Redis subscription, as long as at least one connection subscribes to it. The
/// <see cref="LocalStream"/> hears the notifications.
/// </summary>
internal sealed class StreamRouter
{
    private readonly ConcurrentDictionary<StreamName, LocalStream> _streams = new();
    private readonly Func<StreamName, LocalStream> _create;

    public StreamRouter(LiveFeed feed, LiveChannels channels, DeliveryTelemetry telemetry, ILogger<StreamRouter> logger)
    {
        _create = name => new LocalStream(name, feed, channels, telemetry, logger, closed => _streams.TryRemove(KeyValuePair.Create(name, closed)));
        telemetry.ObserveStreams(() => _streams.Count);
        telemetry.ObserveLiveFeed(() => feed.Hears);
    }

    public int Count => _streams.Count;

    public IEnumerable<LocalStream> Streams => _streams.Values;

    /// <summary>Adds the subscription to its stream. After this returned, every published notification is offered to it.</summary>
    public async Task AddAsync(Subscription subscription)
    {
        while (!await _streams.GetOrAdd(subscription.Stream, _create).TryAddAsync(subscription))
        {
            // The stream closed in the meantime. The next one is new.
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
