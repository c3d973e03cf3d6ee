using System.Collections.Concurrent;

namespace Notifications.Gateway.Links;

/// <summary>The links to hub instances, one each: opened for the first session, and anew for the next one after a link has ended.</summary>
internal sealed class SessionLinks(TimeProvider time, ILogger<SessionLinks> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<HubLink>> _links = new(StringComparer.Ordinal);

    /// <summary>How many sessions go over them.</summary>
    public int Sessions => _links.Values.Where(link => link.IsValueCreated).Sum(link => link.Value.Count);

    /// <param name="address">Of the instance.</param>
    public HubLink Get(string address)
    {
        return _links.GetOrAdd(address, _ => new Lazy<HubLink>(() => new HubLink(new Uri(address), time, Forget, logger))).Value;

        void Forget(HubLink ended)
        {
            if (_links.TryGetValue(address, out var link) && link is { IsValueCreated: true } && link.Value == ended)
            {
                _links.TryRemove(KeyValuePair.Create(address, link));
            }
        }
    }

    /// <summary>As of <see cref="HubLink.Taken"/>.</summary>
    /// <param name="address">Of the instance.</param>
    public int TakenOf(string address) => _links.TryGetValue(address, out var link) && link.IsValueCreated ? link.Value.Taken : 0;

    public void Dispose()
    {
        foreach (var link in _links.Values.Where(link => link.IsValueCreated))
        {
            link.Value.Dispose();
        }
    }
}
