using System.Collections.Concurrent;

namespace Notifications.Gateway.Links;

/// <summary>The links to hub instances, one each: opened for the first session, and anew for the next one after a link has ended.</summary>
internal sealed class SessionLinks(TimeProvider time, ILogger<SessionLinks> logger) : IDisposable
{
    private readonly ConcurrentDictionary<Uri, Lazy<HubLink>> _links = new();

    /// <summary>How many sessions go over them.</summary>
    public int Sessions => _links.Values.Where(link => link.IsValueCreated).Sum(link => link.Value.Count);

    /// <param name="address">Of the instance.</param>
    public HubLink Get(string address)
    {
        var hub = new Uri(address);
        return _links.GetOrAdd(hub, _ => new Lazy<HubLink>(() => new HubLink(hub, time, Forget, logger))).Value;

        void Forget(HubLink ended)
        {
            if (_links.TryGetValue(hub, out var link) && link is { IsValueCreated: true } && link.Value == ended)
            {
                _links.TryRemove(KeyValuePair.Create(hub, link));
            }
        }
    }

    public void Dispose()
    {
        foreach (var link in _links.Values.Where(link => link.IsValueCreated))
        {
            link.Value.Dispose();
        }
    }
}
